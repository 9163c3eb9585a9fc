/** Decodes the chunks of a response as a native networking module does; undefined where nothing is delivered. */
export type ChunkDecoder = (chunk: Buffer) => string | undefined

function decodeExactly(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/** Decodes as many bytes as can be, leaving out fewer than `maxRest` at the end. */
function decodeBeginning(bytes: Buffer, maxRest: number): { text: string; rest: Buffer } | undefined {
  for (let length = 0; length < maxRest && length <= bytes.length; length++) {
    const text = decodeExactly(bytes.subarray(0, bytes.length - length))
    if (text !== undefined) return { text, rest: bytes.subarray(bytes.length - length) }
  }
  return undefined
}

/** As React Native's ProgressiveStringDecoder: a chunk that cannot be decoded is dropped, with what was left before. */
export function androidDecoder(): ChunkDecoder {
  let rest: Buffer = Buffer.alloc(0)
  return (chunk) => {
    const decoded = decodeBeginning(Buffer.concat([rest, chunk]), 4)
    rest = decoded?.rest ?? Buffer.alloc(0)
    return decoded?.text ?? ''
  }
}

/** As RCTNetworking: what cannot be decoded is kept, and nothing after it is delivered any more. */
export function iosDecoder(): ChunkDecoder {
  let carry: Buffer = Buffer.alloc(0)
  return (chunk) => {
    carry = Buffer.concat([carry, chunk])
    const decoded = decodeBeginning(carry, 6)
    if (decoded === undefined) return undefined
    carry = decoded.rest
    return decoded.text
  }
}
