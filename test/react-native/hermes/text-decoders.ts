/** Decodes the chunks of a response as a native networking module does; undefined where nothing is delivered. */
export type ChunkDecoder = (chunk: Buffer) => string | undefined

function decodeExactly(bytes: Uint8Array, charset: string): string | undefined {
  try {
    return new TextDecoder(charset, { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/** The charset of a Content-Type; UTF-8 if there is none, or an unknown one. */
export function charsetOf(contentType: string | undefined): string {
  const { 1: charset = 'utf-8' } = /charset="?([^\s;"]+)/i.exec(contentType ?? '') ?? []
  return decodeExactly(new Uint8Array(), charset) === undefined ? 'utf-8' : charset
}

/** Decodes as many bytes as can be, leaving out fewer than `maxRest` at the end. */
function decodeBeginning(bytes: Buffer, charset: string, maxRest: number): { text: string; rest: Buffer } | undefined {
  for (let length = 0; length < maxRest && length <= bytes.length; length++) {
    const text = decodeExactly(bytes.subarray(0, bytes.length - length), charset)
    if (text !== undefined) return { text, rest: bytes.subarray(bytes.length - length) }
  }
  return undefined
}

/** Decodes like React Native's ProgressiveStringDecoder: an invalid chunk is dropped, with the bytes left before it. */
export function androidDecoder(charset: string): ChunkDecoder {
  let rest: Buffer = Buffer.alloc(0)
  return (chunk) => {
    const decoded = decodeBeginning(Buffer.concat([rest, chunk]), charset, 4)
    rest = decoded?.rest ?? Buffer.alloc(0)
    return decoded?.text ?? ''
  }
}

/** Decodes like RCTNetworking: invalid bytes are kept, and nothing after them is delivered. */
export function iosDecoder(charset: string): ChunkDecoder {
  let carry: Buffer = Buffer.alloc(0)
  return (chunk) => {
    carry = Buffer.concat([carry, chunk])
    const decoded = decodeBeginning(carry, charset, 6)
    if (decoded === undefined) return undefined
    carry = decoded.rest
    return decoded.text
  }
}
