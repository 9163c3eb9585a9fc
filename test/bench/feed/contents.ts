/** Caches the content of a feed, which is generated before a measurement. */
function memoize<Value>(make: (count: number) => Value): (count: number) => Value {
  const cache = new Map<number, Value>()
  return (count) => {
    const value = cache.get(count) ?? make(count)
    cache.set(count, value)
    return value
  }
}

function pad(start: string, length: number, end: string): string {
  return start.padEnd(length - end.length, 'abcdefghijklmnopqrstuvwxyz ') + end
}

/** Returns an event of 64 bytes with an id, for numbers up to 9,999,999. */
function event(number: number): string {
  return pad(`id: ${number}\ndata: {"number":${number},"text":"`, 64, '"}\n\n')
}

/** Returns an event of 50 bytes, like a token of a language model. */
function token(number: number): string {
  return pad(`data: {"choices":[{"delta":{"text":"${number} `, 50, '"}}]}\n\n')
}

const blockSize = 65_536

/** Returns events in blocks of 64 KiB, which usually end in the middle of an event. */
export const eventBlocks = memoize((count) => {
  const bytes = Buffer.from(Array.from({ length: count }, (_, index) => event(index + 1)).join(''))
  return Array.from({ length: Math.ceil(bytes.length / blockSize) }, (_, index) =>
    bytes.subarray(index * blockSize, (index + 1) * blockSize),
  )
})

/** Returns one chunk per event. */
export const singleEvents = memoize((count) =>
  Array.from({ length: count }, (_, index) => Buffer.from(event(index + 1))),
)

/** Returns one chunk per token, and the event that marks the end. */
export const tokens = memoize((count) => [
  ...Array.from({ length: count }, (_, index) => Buffer.from(token(index + 1))),
  Buffer.from('data: [DONE]\n\n'),
])

/** Returns one event with data of this many bytes, in pieces of 1 KiB. */
export const largeEvent = memoize((bytes) => {
  const piece = Buffer.alloc(1_024, 'x')
  const pieces = Array.from({ length: Math.floor(bytes / piece.length) }, () => piece)
  return [Buffer.from('data: '), ...pieces, piece.subarray(0, bytes % piece.length), Buffer.from('\n\n')]
})
