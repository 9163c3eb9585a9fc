/** Returns how to fix bytes that are not text in UTF-8; undefined if they seem to be. */
export function findEncodingMistake(bytes: Buffer): string | undefined {
  const width = findUnitWidth(bytes)
  if (width > 1) return `encode the stream as UTF-8: this is UTF-${width * 8}, which clients do not decode`
  const start = bytes.subarray(0, 4).toString('hex')
  const compression = Object.entries(compressions).find(([magic]) => start.startsWith(magic))?.[1]
  if (compression) {
    return `compress the stream once, and name the coding in Content-Encoding: this is still ${compression}`
  }
  return isBase64(bytes.toString('latin1')) ? 'send the events as text: this is Base64' : undefined
}

/** The compressed formats by their first bytes. */
const compressions = { '1f8b08': 'gzip', '28b52ffd': 'zstd' }

/** Returns the number of bytes of a code unit: by the byte order mark, or by the bytes that are 0. */
function findUnitWidth(bytes: Buffer): 1 | 2 | 4 {
  const mark = bytes.subarray(0, 4).toString('hex')
  if (mark === 'fffe0000' || mark === '0000feff') return 4
  if (/^(fffe|feff)/.test(mark)) return 2
  const zeros = [0, 0, 0, 0]
  for (const [index, byte] of bytes.entries()) if (byte === 0) zeros[index % 4] = (zeros[index % 4] ?? 0) + 1
  const zeroColumns = zeros.filter((count) => count > bytes.length / 6).length
  if (zeroColumns === 3) return 4
  return zeroColumns === 2 ? 2 : 1
}

/** Whether a text is a stream in Base64, in one piece or in several. */
function isBase64(text: string): boolean {
  const [first = ''] = /^[A-Za-z0-9+/_-]{8,}/.exec(text) ?? []
  if (!first || !/^[A-Za-z0-9+/=_\s-]*$/.test(text)) return false
  return /^(data|event|id|retry|):/.test(Buffer.from(first, 'base64').toString('latin1'))
}
