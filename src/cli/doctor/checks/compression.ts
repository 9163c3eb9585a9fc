import type { Examination } from '../examination.ts'
import { findDelay } from '../pace.ts'
import { fail, ok, skip, type Verdict, warn } from '../verdict.ts'
import { amount, excerpt, time } from '../wording.ts'

const mend =
  'have the compressor flush after every event (Express: response.flush(); zlib: Z_SYNC_FLUSH), or do not compress this path (nginx: gzip off;)'

export function checkCompression({ main, uncompressed, time: observed }: Examination): Verdict {
  const { recording, coding, decompressionFailure, stream } = main
  const plain = uncompressed?.coding === '' && uncompressed.stream.events.length > 0 ? uncompressed : undefined
  const without = plain && `without compression, ${amount(plain.stream.events.length, 'event')} came`
  if (!recording.head) {
    if (!without) return skip('no response')
    return fail(`no response in ${time(observed)} to a client that takes compressed ones; ${without}`, mend)
  }
  if (recording.head.status !== 200) return skip('no stream')
  if (!coding) return ok('none')
  const name = excerpt(coding)
  if (decompressionFailure) {
    return fail(`${name}: ${decompressionFailure}`, 'compress with gzip or br, or not at all (nginx: gzip off;)')
  }
  if (stream.events.length === 0) {
    if (!without) return skip(`${coding}, but no event came`)
    return fail(`${coding}: no event in ${time(observed)}; ${without}`, mend)
  }
  const delay = findDelay(main)
  if (!delay) return ok(`${coding}, flushed after each event`)
  if (!plain) return warn(`${coding}: ${delay.seen}`, `${mend}; or it is a proxy, see the check of buffering`)
  if (findDelay(plain)) return skip(`${coding}: cannot be told while something else delays the events`)
  return fail(`${coding}: ${delay.seen}; uncompressed, they come one by one`, mend)
}
