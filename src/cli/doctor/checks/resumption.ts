import type { Examination } from '../examination.ts'
import { fail, ok, skip, type Verdict, warn } from '../verdict.ts'
import { amount, excerpt, time } from '../wording.ts'

export function checkIds({ main }: Examination): Verdict {
  const { events, ignoredIds } = main.stream
  if (ignoredIds.count > 0) {
    return fail(`${amount(ignoredIds.count, 'id')} with NUL in it, for which clients ignore it`, 'leave NUL out of ids')
  }
  if (events.length === 0) return skip('no event came')
  const ids = events.flatMap(({ id }) => id || [])
  const mend = 'give every event an id: that tells the server, when a client comes back, where to go on'
  if (ids.length === 0) return warn('no event has one', `${mend}; without ids, what is sent meanwhile is lost`)
  const seen = new Set<string>()
  const repeated = ids.find((id) => seen.size === seen.add(id).size)
  if (repeated !== undefined) {
    return fail(
      `${excerpt(repeated)} came more than once`,
      'give every event an id of its own, or resuming after it is a guess',
    )
  }
  const whole = ids.length === events.length ? 'all different' : `for ${amount(events.length, 'event')}, all different`
  return ok(`${amount(ids.length, 'id')}, ${whole}`)
}

export function checkResumption({
  main,
  resumption,
  method,
  time: observed,
  lastEventIdQueryParam,
}: Examination): Verdict {
  if (!resumption) {
    if (method !== 'GET') return skip(`a ${method} is not sent twice`)
    return skip('it takes two events with ids of their own')
  }
  const { lastEventId, expected, observation } = resumption
  const asked = `asked again after ${excerpt(lastEventId)}`
  const name = lastEventIdQueryParam === undefined ? 'Last-Event-ID' : `the query parameter ${lastEventIdQueryParam}`
  const mend = `read ${name}, and send all events after that one, from a history that is kept for some minutes`
  const { head, end } = observation.recording
  if (!head) return fail(`${asked}: no response in ${time(observed)}`, mend)
  if (head.status !== 200)
    return fail(`${asked}: status ${head.status}, though ${excerpt(expected[0] ?? '')} had followed`, mend)
  const received = observation.stream.events.flatMap(({ id }) => id || [])
  const [first] = received
  if (first === undefined) {
    const until = end.kind === 'time' ? `in ${time(observed)}` : 'before the stream ended'
    return fail(`${asked}: no event with an id came ${until}, though ${excerpt(expected[0] ?? '')} had followed`, mend)
  }
  if (first === lastEventId)
    return fail(`${asked}: that event came again`, `send only the events after that of ${name}`)
  const before = main.stream.events.findIndex(({ id }) => id === first)
  if (before !== -1 && before < main.stream.events.findIndex(({ id }) => id === lastEventId)) {
    return fail(`${asked}: it began again, with ${excerpt(first)}`, mend)
  }
  const missing = expected.find((id, index) => id !== received[index])
  if (missing === undefined || received.length < expected.indexOf(missing) + 1)
    return ok(`${asked}, and it went on with ${excerpt(first)}`)
  const instead = received[expected.indexOf(missing)] ?? ''
  return fail(`${asked}: ${excerpt(instead)} came, and not ${excerpt(missing)}`, mend)
}

/** Beyond it, timers of most clients take it for 0, in ms. */
const longestTimer = 2 ** 31 - 1

const shortReconnection = 100

const longReconnection = 600_000

export function checkRetry({ main }: Examination): Verdict {
  const { first, last, count } = main.stream.retries
  const invalid = first.find(({ value }) => !/^\d+$/.test(value))
  const mend = 'write a whole number of milliseconds, such as retry: 3000'
  if (invalid) return fail(`${excerpt(invalid.value)} at line ${invalid.line}, which clients ignore`, mend)
  if (count === 0 || !last) return ok('none; clients wait for some seconds, as they like')
  const milliseconds = Number(last.value)
  const seen = `${milliseconds.toLocaleString('en-US')} ms`
  if (milliseconds > longestTimer) {
    return fail(seen, `${mend}; many clients take more than 24 days for 0, and ask hundreds of times a second`)
  }
  if (milliseconds < shortReconnection)
    return warn(seen, `${mend}; so soon, all clients at once come back to a server that restarts`)
  if (milliseconds > longReconnection) return warn(seen, `${mend}; so long, every interruption is a loss`)
  return ok(seen)
}
