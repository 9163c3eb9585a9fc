import { formatCount, formatDuration, quoteExcerpt } from '../../format.ts'
import { type CheckResult, fail, ok, skip, warn } from '../check-result.ts'
import type { Examination } from '../examination.ts'
import { describeFailure } from '../request-failure.ts'
import type { ScannedEvent } from '../stream-scan.ts'

export function checkIds({ main, method }: Examination): CheckResult {
  const { stream, recording } = main
  const { events, ignoredIds } = stream
  if (ignoredIds.count > 0) {
    return fail(`${formatCount(ignoredIds.count, 'id')} with NUL, which clients ignore`, 'remove NUL from ids')
  }
  if (events.length === 0) return skip('no event arrived')
  const ids = events.flatMap(({ id }) => id || [])
  if (ids.length === 0) {
    if (method !== 'GET') return skip(`none, and the response to a ${method} request is rarely resumed`)
    return warn(
      'no event has an id',
      'give every event an id: a client that reconnects sends the last one, so that the server can send what was missed',
    )
  }
  const repeated = findRepeatedId(ids)
  if (repeated) {
    const message = `more than one event has the id ${quoteExcerpt(repeated.id)}`
    const fix = 'give every event a different id; otherwise, the server cannot know where to resume'
    // Whether an id stands for a group of events is known when the next one has come.
    const isWhole = new Set(ids).size > 1 || (recording.end.kind === 'time' && arriveTogether(events))
    if (repeated.isConsecutive && isWhole) {
      return warn(message, `${fix}, unless each id stands for a group of events that the server sends again as a whole`)
    }
    return fail(message, fix)
  }
  const scope = ids.length === events.length ? '' : ` for ${formatCount(events.length, 'event')}`
  return ok(`${formatCount(ids.length, 'id')}${scope}, all different`)
}

/** Returns the first id that comes again, and whether ids come again only without another one in between. */
function findRepeatedId(ids: readonly string[]): { readonly id: string; readonly isConsecutive: boolean } | undefined {
  const known = new Set<string>()
  let consecutive: string | undefined
  for (const [index, id] of ids.entries()) {
    if (known.has(id) && id !== ids[index - 1]) return { id, isConsecutive: false }
    if (known.has(id)) consecutive ??= id
    known.add(id)
  }
  return consecutive === undefined ? undefined : { id: consecutive, isConsecutive: true }
}

function arriveTogether(events: readonly ScannedEvent[]): boolean {
  return (events.at(-1)?.at ?? 0) - (events[0]?.at ?? 0) < 100
}

export function checkResumption({ main, resumption, method, time, lastEventIdQueryParam }: Examination): CheckResult {
  if (!resumption) {
    return skip(method === 'GET' ? 'needs two events with different ids' : `a ${method} request is not repeated`)
  }
  const { lastEventId, expected, observation } = resumption
  const requested = `requested again after ${quoteExcerpt(lastEventId)}`
  const name = lastEventIdQueryParam === undefined ? 'Last-Event-ID' : `the query parameter ${lastEventIdQueryParam}`
  const fix = `read ${name}, and send all later events, from a history of some minutes`
  const { head, end } = observation.recording
  if (!head) {
    if (end.kind !== 'failed') return fail(`${requested}: no response in ${formatDuration(time)}`, fix)
    return fail(`${requested}: ${describeFailure(end.error).message}, before any response`, `${logFix}; then, ${fix}`)
  }
  const expectedFirst = `although ${quoteExcerpt(expected[0] ?? '')} had followed`
  if (head.status !== 200) return fail(`${requested}: status ${head.status}, ${expectedFirst}`, fix)
  const received = observation.stream.events.flatMap(({ id }) => id || [])
  const [first] = received
  if (first === undefined) {
    const until = end.kind === 'time' ? `in ${formatDuration(time)}` : 'before the end of the response'
    return fail(`${requested}: no event with an id ${until}, ${expectedFirst}`, fix)
  }
  if (first === lastEventId) {
    return fail(`${requested}: the same event came again`, `send only events after the one in ${name}`)
  }
  const position = main.stream.events.findIndex(({ id }) => id === first)
  if (position !== -1 && position < main.stream.events.findIndex(({ id }) => id === lastEventId)) {
    return fail(`${requested}: the stream started over, with ${quoteExcerpt(first)}`, fix)
  }
  const missing = expected.find((id, index) => id !== received[index])
  if (missing === undefined || received.length < expected.indexOf(missing) + 1) {
    return ok(`${requested}: continued with ${quoteExcerpt(first)}`)
  }
  const actual = received[expected.indexOf(missing)] ?? ''
  return fail(`${requested}: ${quoteExcerpt(actual)} came instead of ${quoteExcerpt(missing)}`, fix)
}

const logFix = 'look in the log of the server for why it fails if it gets the ID of an event'

/** The maximum delay of a timer in ms: for longer ones, timers of most clients use 0. */
const maxTimerDelay = 2 ** 31 - 1

/** The minimum reconnection time in ms without a warning. */
const minReconnectionTime = 100

/** The maximum reconnection time in ms without a warning. */
const maxReconnectionTime = 600_000

export function checkRetry({ main }: Examination): CheckResult {
  const { first, last, count } = main.stream.retries
  const invalid = first.find(({ value }) => !/^\d+$/.test(value))
  const fix = 'send a whole number of milliseconds, such as retry: 3000'
  if (invalid) return fail(`${quoteExcerpt(invalid.value)} in line ${invalid.line}, which clients ignore`, fix)
  if (count === 0 || !last) return ok('none; clients use their default of a few seconds')
  const milliseconds = Number(last.value)
  const message = `${milliseconds.toLocaleString('en-US')} ms`
  if (milliseconds > maxTimerDelay) {
    return fail(message, `${fix}; many clients treat more than 24 days as 0, and send hundreds of requests per second`)
  }
  if (milliseconds < minReconnectionTime) {
    return warn(message, `${fix}; with so short a delay, all clients reconnect at once when a server restarts`)
  }
  if (milliseconds > maxReconnectionTime) {
    return warn(message, `${fix}; with so long a delay, clients miss events after every interruption`)
  }
  return ok(message)
}
