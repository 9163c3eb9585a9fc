import { formatCount, formatDuration } from '../../format.ts'
import { type CheckResult, fail, ok, skip, warn } from '../check-result.ts'
import { findEventMistake } from '../event-mistakes.ts'
import type { Examination } from '../examination.ts'
import { explainMissingEvents } from '../missing-events.ts'

export function checkEvents({ main }: Examination): CheckResult {
  const { stream, recording } = main
  const missing = explainMissingEvents(main)
  if (missing) return (missing.isCertain ? fail : warn)(missing.message, missing.fix)
  if (stream.events.length > 0) return findEventMistake(stream) ?? ok(formatCount(stream.events.length, 'event'))
  if (recording.end.kind === 'full') {
    return skip(`the first event is larger than ${formatCount(stream.size, 'byte')}; no more were examined`)
  }
  return skip(`no event arrived in ${formatDuration(recording.duration)}`)
}
