import type { ExpectedEvent, Interpretation } from '../../fixtures/streams/index.ts'
import { createEventStreamParser } from '../../src/parser.ts'
import { createDecoder } from '../../src/platform/default.ts'

/** Interprets a stream that arrives in these chunks with our parser. */
export function interpretWithParser(chunks: Iterable<Uint8Array>): Interpretation {
  const events: ExpectedEvent[] = []
  const comments: string[] = []
  let lastEventId = ''
  let reconnectionTime: number | undefined
  const feed = createEventStreamParser(
    {
      id: (id) => {
        lastEventId = id
      },
      message: (type, data) => events.push({ type, data, lastEventId }),
      reconnectionTime: (milliseconds) => {
        reconnectionTime = milliseconds
      },
      comment: (comment) => comments.push(comment),
      tooLarge: () => {
        throw new Error('the parser found an event too large')
      },
    },
    Number.MAX_SAFE_INTEGER,
    createDecoder(),
  )
  for (const chunk of chunks) feed(chunk)
  return { events, lastEventId, reconnectionTime, comments }
}
