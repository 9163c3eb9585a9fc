import { formatNumber } from './result.ts'
import type { Entry, Summary } from './results-file.ts'

/** Describes a ratio that is worse than the one on record. */
function describe(name: string, metric: string, subject: string, measured: Summary, recorded: Summary): string {
  const [median, min, max] = recorded.map(formatNumber)
  return `${name}: ${metric}: everysource ÷ ${subject} is ${formatNumber(measured[0])}, on record ${median} (${min}–${max})`
}

/**
 * Compares a result with the one on record. A ratio is worse if its median is beyond all that were measured for the
 * record, so that it cannot be one of them. Subjects that the record lacks, such as a peer in another version, are not
 * compared, nor is another amount of work.
 * @returns a line for each ratio that is worse
 */
export function findRegressions(name: string, measured: Entry, recorded: Entry | undefined): string[] {
  if (!recorded || recorded.scale !== measured.scale) return []
  return Object.entries(measured.ratios).flatMap(([subject, ratios]) =>
    Object.entries(ratios).flatMap(([metric, ratio]) => {
      const known = recorded.ratios[subject]?.[metric]
      if (!known || ratio[0] <= known[2]) return []
      return [describe(name, measured.metrics[metric] ?? metric, subject, ratio, known)]
    }),
  )
}
