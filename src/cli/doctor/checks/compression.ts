import { formatCount, formatDuration, quoteExcerpt } from '../../format.ts'
import { type CheckResult, fail, ok, skip, warn } from '../check-result.ts'
import { findDeliveryDelay } from '../delivery-delay.ts'
import type { Examination } from '../examination.ts'

const fix =
  'flush the compressor after every event (Express: response.flush(); zlib: Z_SYNC_FLUSH), or do not compress this path (nginx: gzip off;)'

export function checkCompression({ main, uncompressed, time }: Examination): CheckResult {
  const { recording, coding, decompressionFailure, stream } = main
  const plain = uncompressed?.coding === '' && uncompressed.stream.events.length > 0 ? uncompressed : undefined
  const comparison = plain && `without compression, ${formatCount(plain.stream.events.length, 'event')} arrived`
  if (!recording.head) {
    if (!comparison) return skip('no response')
    return fail(`no response in ${formatDuration(time)} to a client that accepts compression; ${comparison}`, fix)
  }
  if (recording.head.status !== 200) return skip('the response is not a stream')
  if (!coding) return ok('none')
  if (decompressionFailure) {
    return fail(
      `${quoteExcerpt(coding)}: ${decompressionFailure}`,
      'compress with gzip or br, or do not compress (nginx: gzip off;)',
    )
  }
  if (stream.events.length === 0) {
    if (!comparison) return skip(`${coding}, but no event arrived`)
    return fail(`${coding}: no event in ${formatDuration(time)}; ${comparison}`, fix)
  }
  const delay = findDeliveryDelay(main)
  if (!delay) return ok(`${coding}, flushed after each event`)
  if (!plain) return warn(`${coding}: ${delay.message}`, `${fix}; or a proxy buffers the stream, see buffering`)
  if (findDeliveryDelay(plain)) return skip(`${coding}: cannot be checked while uncompressed events are late, too`)
  return fail(`${coding}: ${delay.message}; uncompressed events are not late`, fix)
}
