import { formatNumber, type Result, valuesOf } from './result.ts'
import { type Distribution, distribution, pairedRatios } from './statistics.ts'

function formatDistribution({ median, min, max }: Distribution, format: (value: number) => string): string {
  return min === max ? format(median) : `${format(median)} (${format(min)}–${format(max)})`
}

/**
 * Formats a result as a Markdown table: for each metric, the median with the minimum and maximum, and the ratio of
 * everysource to the subject.
 */
export function formatTable({ title, metrics, outcomes }: Result): string {
  const [everysource] = outcomes
  const header = ['', ...metrics.flatMap(({ title, unit }) => [`${title}, ${unit}`, 'everysource ÷ this'])]
  const rows = outcomes.map((outcome) => {
    const cells = metrics.flatMap(({ key }) => {
      const values = valuesOf(outcome, key)
      const ratios = everysource && pairedRatios(valuesOf(everysource, key), values)
      return [
        values.length > 0 ? formatDistribution(distribution(values), formatNumber) : (outcome.failure ?? ''),
        ratios && outcome !== everysource ? formatDistribution(ratios, (ratio) => ratio.toFixed(2)) : '',
      ]
    })
    return [outcome.title, ...cells]
  })
  const widths = header.map((_, column) => Math.max(3, ...[header, ...rows].map((row) => row[column]?.length ?? 0)))
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`
  return [title, '', line(header), rule, ...rows.map(line)].join('\n')
}
