import type { ExpectedEvent, Interpretation } from '../../fixtures/streams/index.ts'
import type { ErrorEvent, EventSource, EventSourceInit } from '../../src/index.ts'

/** The maximum time in ms for the whole stream to arrive on a busy machine. */
const maxWait = 50_000

/**
 * Opens a source, waits for its first interruption, closes it, and returns what was received. `types` are the event
 * types to listen to in addition to the standard ones.
 */
export async function interpretWithEventSource(
  Source: typeof EventSource,
  url: string,
  init: EventSourceInit,
  types: readonly string[],
): Promise<Interpretation & { readonly interruption: ErrorEvent }> {
  const events: ExpectedEvent[] = []
  const comments: string[] = []
  let reconnectionTime: number | undefined
  const source = new Source(url, {
    ...init,
    onComment: (comment) => comments.push(comment),
    retry: (context) => {
      reconnectionTime = context.reconnectionTime
      return false
    },
  })
  let timer: ReturnType<typeof setTimeout> | undefined
  try {
    const interruption = await new Promise<ErrorEvent>((resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`no interruption came after ${events.length} events`)), maxWait)
      for (const listenedType of new Set(['message', 'open', 'error', ...types])) {
        source.addEventListener(listenedType, (event: Event) => {
          // A stream can also contain events of the types `error` and `open`.
          if ('data' in event) {
            const { type, data, lastEventId } = event as MessageEvent<string>
            events.push({ type, data, lastEventId })
          } else if (event.type === 'error') {
            resolve(event as ErrorEvent)
          }
        })
      }
    })
    return { events, lastEventId: source.lastEventId, reconnectionTime, comments, interruption }
  } finally {
    clearTimeout(timer)
    source.close()
  }
}

const defaultReconnectionTime = 3_000
const maxTimerDelay = 2 ** 31 - 1

/** Returns what a source must yield. Unlike a stream, it always has a reconnection time, which a timer can hold. */
export function expectedOfEventSource(expected: Interpretation): Interpretation {
  const reconnectionTime = Math.min(expected.reconnectionTime ?? defaultReconnectionTime, maxTimerDelay)
  return { ...expected, reconnectionTime }
}
