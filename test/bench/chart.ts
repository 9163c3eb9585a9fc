import { formatNumber, type Result, valuesOf } from './result.ts'
import { distribution } from './statistics.ts'
import type { SubjectKind } from './subjects.ts'

const width = 760
const margin = 20
const titleWidth = 220
const valueWidth = 130
const barHeight = 20
const rowHeight = 28
const headHeight = 72
const footHeight = 44
/** How many times as long as ours a bar may be; a longer one is cut off, for the others could not be told apart. */
const longestBar = 5

/** The card has a ground of its own, so that it can be read whatever the page around it is like. */
const style = `
  text { font: 14px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600; font-size: 16px }
  .small { font-size: 12px; fill: #59636e }
  .ground { fill: #fff; stroke: #d1d9e0 }
  .ours { fill: #0969da }
  .peer { fill: #8c959f }
  .limit { fill: #d1d9e0 }
  .spread { stroke: #1f2328; stroke-width: 1.5 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc }
    .small { fill: #9198a1 }
    .ground { fill: #0d1117; stroke: #3d444d }
    .ours { fill: #4493f8 }
    .peer { fill: #656c76 }
    .limit { fill: #3d444d }
    .spread { stroke: #f0f6fc }
  }
`

interface Bar {
  readonly title: string
  readonly kind: SubjectKind
  readonly median: number
  readonly least: number
  readonly greatest: number
}

function escapeText(text: string): string {
  return text.replace(/[&<>]/g, (character) => `&#${character.codePointAt(0)};`)
}

function drawBar({ title, kind, median, least, greatest }: Bar, row: number, longest: number): string {
  const y = headHeight + row * rowHeight
  const middle = y + barHeight / 2
  const left = margin + titleWidth
  const scale = (width - left - valueWidth - margin) / longest
  const at = (value: number): number => Math.round(left + Math.min(value, longest) * scale)
  const note = median > longest ? ' (cut off)' : ''
  return `
  <text x="${left - 10}" y="${middle + 5}" text-anchor="end">${escapeText(title)}</text>
  <rect class="${kind}" x="${left}" y="${y}" width="${Math.max(at(median) - left, 1)}" height="${barHeight}" rx="2"/>
  <path class="spread" d="M${at(least)} ${middle}H${at(greatest)}"/>
  <text x="${at(greatest) + 8}" y="${middle + 5}">${formatNumber(median)}${note}</text>`
}

/**
 * A bar chart of the first metric, the least first, with lines for the spread; undefined if there is nothing to show.
 */
export function drawChart({ title, metrics, outcomes, date, machine, rounds }: Result): string | undefined {
  const [metric] = metrics
  const bars = outcomes
    .flatMap((outcome): Bar[] => {
      const values = valuesOf(outcome, `${metric?.key}`)
      return values.length ? [{ title: outcome.title, kind: outcome.kind, ...distribution(values) }] : []
    })
    .sort((a, b) => a.median - b.median)
  if (!metric || bars.length === 0) return undefined
  const missing = outcomes.flatMap(({ title, failure }) => (failure === undefined ? [] : [`${title}: ${failure}`]))
  const height = headHeight + bars.length * rowHeight + footHeight + missing.length * 16
  const ours = bars.find(({ kind }) => kind === 'ours')
  const longest = Math.min(Math.max(...bars.map(({ greatest }) => greatest)), (ours?.median ?? Infinity) * longestBar)
  const base = height - 18
  const notes = [`${date.slice(0, 10)}, ${machine}; median of ${rounds} rounds, lines from the least to the greatest`]
  const foot = [...missing, ...notes].map(
    (note, index, all) =>
      `\n  <text class="small" x="${margin}" y="${base - (all.length - 1 - index) * 16}">${escapeText(note)}</text>`,
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
  <title>${escapeText(title)}</title>
  <style>${style}</style>
  <rect class="ground" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8"/>
  <text class="title" x="${margin}" y="32">${escapeText(title)}</text>
  <text class="small" x="${margin}" y="52">${escapeText(`${metric.title}, ${metric.unit}; less is better`)}</text>${bars
    .map((bar, row) => drawBar(bar, row, longest))
    .join('')}${foot.join('')}
</svg>
`
}
