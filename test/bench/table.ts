import { formatNumber, type Result, valuesOf } from './result.ts'
import { type Distribution, distribution, pairedRatios } from './statistics.ts'

function formatDistribution({ median, least, greatest }: Distribution, format: (value: number) => string): string {
  return least === greatest ? format(median) : `${format(median)} (${format(least)}–${format(greatest)})`
}

/** The results as a table in Markdown: for each metric the median and the spread, and what ours takes of it. */
export function formatTable({ title, metrics, outcomes }: Result): string {
  const [ours] = outcomes
  const header = ['', ...metrics.flatMap(({ title, unit }) => [`${title}, ${unit}`, 'everysource takes of it'])]
  const rows = outcomes.map((outcome) => {
    const cells = metrics.flatMap(({ key }) => {
      const values = valuesOf(outcome, key)
      const ratios = ours && pairedRatios(valuesOf(ours, key), values)
      return [
        values.length ? formatDistribution(distribution(values), formatNumber) : (outcome.failure ?? ''),
        ratios && outcome !== ours ? formatDistribution(ratios, (ratio) => ratio.toFixed(2)) : '',
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
