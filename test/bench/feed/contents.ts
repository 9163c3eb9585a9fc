/** What a feed sends is made once, before anybody measures. */
function remember<Value>(make: (count: number) => Value): (count: number) => Value {
  const made = new Map<number, Value>()
  return (count) => {
    const value = made.get(count) ?? make(count)
    made.set(count, value)
    return value
  }
}

function pad(start: string, length: number, end: string): string {
  return start.padEnd(length - end.length, 'abcdefghijklmnopqrstuvwxyz ') + end
}

/** An event of 64 bytes, with an id, up to a number of 9,999,999. */
function event(number: number): string {
  return pad(`id: ${number}\ndata: {"number":${number},"text":"`, 64, '"}\n\n')
}

/** An event of 50 bytes, as language models answer a token. */
function token(number: number): string {
  return pad(`data: {"choices":[{"delta":{"text":"${number} `, 50, '"}}]}\n\n')
}

const blockSize = 65_536

/** Events in blocks of 64 KiB, whose ends are seldom those of an event. */
export const eventBlocks = remember((count) => {
  const bytes = Buffer.from(Array.from({ length: count }, (_, index) => event(index + 1)).join(''))
  return Array.from({ length: Math.ceil(bytes.length / blockSize) }, (_, index) =>
    bytes.subarray(index * blockSize, (index + 1) * blockSize),
  )
})

/** Events one by one. */
export const singleEvents = remember((count) =>
  Array.from({ length: count }, (_, index) => Buffer.from(event(index + 1))),
)

/** The tokens of an answer one by one, and what says that it is complete. */
export const tokens = remember((count) => [
  ...Array.from({ length: count }, (_, index) => Buffer.from(token(index + 1))),
  Buffer.from('data: [DONE]\n\n'),
])

/** One event whose data is that many bytes, in pieces of 1 KiB. */
export const largeEvent = remember((bytes) => {
  const piece = Buffer.alloc(1_024, 'x')
  const pieces = Array.from({ length: Math.floor(bytes / piece.length) }, () => piece)
  return [Buffer.from('data: '), ...pieces, piece.subarray(0, bytes % piece.length), Buffer.from('\n\n')]
})
