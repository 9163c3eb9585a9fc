import { formatCount, formatDuration } from '../../format.ts'
import { type CheckResult, fail, ok, skip, warn } from '../check-result.ts'
import { findDeliveryDelay } from '../delivery-delay.ts'
import type { Examination } from '../examination.ts'
import { explainMissingEvents } from '../missing-events.ts'
import { headerValue } from '../response-headers.ts'

const fix =
  'turn off buffering in the proxy (nginx: proxy_buffering off; or send X-Accel-Buffering: no; Apache: flushpackets=on in ProxyPass), and flush after every event in the server'

export function checkBuffering({ main, uncompressed }: Examination): CheckResult {
  // Another check is about delays by compression.
  const observation = uncompressed && uncompressed.stream.events.length > 0 ? uncompressed : main
  const { head, body, end } = observation.recording
  if (!head) return skip('no response')
  if (head.status !== 200) return skip('the response is not a stream')
  const accelBuffering = headerValue(head.headers, 'x-accel-buffering')?.toLowerCase()
  if (accelBuffering === 'yes') {
    return fail('X-Accel-Buffering: yes makes nginx buffer the stream', 'send X-Accel-Buffering: no')
  }
  const length = headerValue(head.headers, 'content-length')
  if (length !== undefined) {
    return fail(
      `Content-Length: ${length}: the whole body existed before it was sent`,
      'send each event when it occurs',
    )
  }
  if (end.kind === 'full') return skip('too many bytes arrived to measure pauses')
  // Without events, the encoding may be unknown, so the ends of lines are, too.
  if (observation.stream.events.length === 0) return skip('no event arrived')
  if (explainMissingEvents(observation)) return skip('see events')
  const delay = findDeliveryDelay(observation)
  if (delay?.isCertain) return fail(delay.message, fix)
  if (delay) return warn(delay.message, `unless the server sends the events like this: ${fix}`)
  const { events } = observation.stream
  const [first] = body
  if (!first) return skip('no event arrived')
  const reachedClient =
    accelBuffering === 'no' ? '; X-Accel-Buffering: no reached the client, so no nginx on the way used it' : ''
  const firstBytes = `first bytes after ${formatDuration(first.at)}`
  return ok(`${firstBytes}, ${formatCount(events.length, 'event')} without delays${reachedClient}`)
}
