import type { ExpectedEvent, Interpretation } from '../../fixtures/streams/index.ts'
import type { ErrorEvent, EventSource, EventSourceInit } from '../../src/index.ts'

/** Milliseconds for the whole stream to arrive; a busy machine takes its time. */
const longestWait = 50_000

/**
 * Opens a source, waits for its first interruption, closes it there, and tells what came. `types` are the event types to
 * listen to beside the standard ones.
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
      timer = setTimeout(() => reject(new Error(`no interruption came after ${events.length} events`)), longestWait)
      for (const listenedType of new Set(['message', 'open', 'error', ...types])) {
        source.addEventListener(listenedType, (event: Event) => {
          // A stream may hold events of the types `error` and `open`, too.
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
const longestDelay = 2 ** 31 - 1

/** Unlike a stream, a source always has a reconnection time, and one that a timer can wait. */
export function expectedOfEventSource(expected: Interpretation): Interpretation {
  const reconnectionTime = Math.min(expected.reconnectionTime ?? defaultReconnectionTime, longestDelay)
  return { ...expected, reconnectionTime }
}
