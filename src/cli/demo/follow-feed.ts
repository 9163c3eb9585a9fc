import type { ErrorEvent, EventSource } from '../../index.ts'
import { formatCount } from '../format.ts'

/** The kind of a line, which gives it a color on a terminal. */
export type LineStyle = 'normal' | 'success' | 'failure' | 'muted'

export interface FollowOptions {
  /** The class of the client. */
  readonly EventSource: typeof EventSource
  /** The URL of a feed that resumes, and whose events have the ids 1, 2, 3 and so on. */
  readonly url: string
  /** The number of events to end after; undefined ends only with `signal`. */
  readonly maxEvents: number | undefined
  readonly signal: AbortSignal
  readonly print: (line: string, style: LineStyle) => void
}

/**
 * Prints the events and interruptions of a feed, and in the end a summary.
 * @returns whether every event came, exactly once and in order
 */
export async function followFeed({ EventSource, url, maxEvents, signal, print }: FollowOptions): Promise<boolean> {
  let events = 0
  let interruptions = 0
  let mistakes = 0
  let lastNumber = 0
  let gaveUp = false

  const source = new EventSource(url, { retry: { statuses: [503] }, idleTimeout: 2_000 })
  await new Promise<void>((resolve) => {
    const finish = (): void => {
      source.close()
      resolve()
    }
    source.addEventListener('open', () => {
      print(`connected, ${lastNumber === 0 ? 'from the start' : `resuming after event ${lastNumber}`}`, 'muted')
    })
    source.addEventListener('message', ({ data, lastEventId }) => {
      print(`${lastEventId.padStart(5)}  ${data}`, 'normal')
      const mistake = findMistake(Number(lastEventId), lastNumber + 1)
      if (mistake !== undefined) {
        mistakes++
        print(mistake, 'failure')
      }
      lastNumber = Number(lastEventId)
      if (++events === maxEvents) finish()
    })
    source.addEventListener('error', (error) => {
      interruptions++
      gaveUp = !error.willReconnect
      print(describeInterruption(error, lastNumber), 'failure')
      if (gaveUp) finish()
    })
    signal.addEventListener('abort', finish)
    if (signal.aborted) finish()
  })

  const counts = `${formatCount(events, 'event')}, ${formatCount(interruptions, 'interruption')}`
  if (gaveUp) print(`${counts}; the connection closed before the end`, 'failure')
  else if (mistakes > 0) print(`${counts}; ${formatCount(mistakes, 'event')} lost, repeated or out of order`, 'failure')
  else print(`${counts}; every event arrived exactly once and in order`, 'success')
  return mistakes === 0 && !gaveUp
}

function findMistake(number: number, expected: number): string | undefined {
  if (number === expected) return undefined
  return number > expected
    ? `       ${formatCount(number - expected, 'event')} lost before this one`
    : '       this event arrived before'
}

function describeInterruption({ reason, message, delay, willReconnect }: ErrorEvent, lastNumber: number): string {
  const next = willReconnect
    ? `reconnecting in ${((delay ?? 0) / 1_000).toFixed(1)} s, after event ${lastNumber}`
    : 'not reconnecting'
  return `${reason}: ${message}; ${next}`
}
