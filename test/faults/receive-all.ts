import { numberedEvent } from '../../fixtures/numbered-events.ts'
import type { ErrorEvent, EventSource } from '../../src/index.ts'

/** What a client of the fault feed has to tell at the end. */
export interface Reception {
  /** How many events came, each once and in order. */
  readonly received: number
  /** The first thing that was wrong; null if nothing was. */
  readonly problem: string | null
  /** How many interruptions of each code there were. */
  readonly interruptions: Readonly<Record<string, number>>
}

/**
 * Listens to a fault feed until event number `total` has come, or the first wrong one. Runs in any runtime; what it needs
 * is handed in.
 */
export function receiveAll(Source: typeof EventSource, url: string, total: number): Promise<Reception> {
  return new Promise((resolve) => {
    let received = 0
    const interruptions: Record<string, number> = {}
    const source = new Source(url, { retry: { statuses: [503] }, idleTimeout: 300, openTimeout: 300 })

    const finish = (problem: string | null): void => {
      source.close()
      resolve({ received, problem, interruptions })
    }
    const receive = ({ type, data, lastEventId }: MessageEvent<string>): void => {
      const number = received + 1
      const expected = numberedEvent(number)
      if (lastEventId !== String(number)) finish(`after event ${received} came event ${lastEventId}`)
      else if (type !== expected.type) finish(`event ${number} is of type ${type}`)
      else if (data !== expected.data) finish(`event ${number} has the data ${JSON.stringify(data)}`)
      else if (++received === total) finish(null)
    }

    source.addEventListener('message', receive)
    source.addEventListener('tick', receive)
    source.addEventListener('error', ({ code, message }: ErrorEvent) => {
      interruptions[code] = (interruptions[code] ?? 0) + 1
      if (source.readyState === source.CLOSED) finish(`it closed after event ${received}: ${message}`)
    })
  })
}
