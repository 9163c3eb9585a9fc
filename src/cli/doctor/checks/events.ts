import { formatCount } from '../../format.ts'
import { type CheckResult, fail, ok, skip } from '../check-result.ts'
import type { Examination } from '../examination.ts'
import { explainMissingEvents } from '../missing-events.ts'

export function checkEvents({ main }: Examination): CheckResult {
  const { events, size } = main.stream
  if (events.length > 0) return ok(formatCount(events.length, 'event'))
  const missing = explainMissingEvents(main)
  if (!missing) return skip('no event arrived')
  return fail(`${formatCount(size, 'byte')}, but no event: ${missing.excerpt}`, missing.fix)
}
