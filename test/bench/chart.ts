import { formatNumber, type Result, valuesOf } from './result.ts'
import { distribution } from './statistics.ts'
import type { SubjectKind } from './subjects.ts'

const width = 760
const margin = 20
const titleWidth = 220
const valueWidth = 130
const barHeight = 20
const rowHeight = 28
const headerHeight = 72
const footerHeight = 44
/** The maximum length of a bar, relative to that of everysource. Longer ones are truncated to keep the others readable. */
const maxRelativeLength = 5

/** The chart has its own background, which makes it readable on any page. */
const style = `
  text { font: 14px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600; font-size: 16px }
  .small { font-size: 12px; fill: #59636e }
  .background { fill: #fff; stroke: #d1d9e0 }
  .ours { fill: #0969da }
  .peer { fill: #8c959f }
  .baseline { fill: #d1d9e0 }
  .spread { stroke: #1f2328; stroke-width: 1.5 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc }
    .small { fill: #9198a1 }
    .background { fill: #0d1117; stroke: #3d444d }
    .ours { fill: #4493f8 }
    .peer { fill: #656c76 }
    .baseline { fill: #3d444d }
    .spread { stroke: #f0f6fc }
  }
`

interface Bar {
  readonly title: string
  readonly kind: SubjectKind
  readonly median: number
  readonly min: number
  readonly max: number
}

function escapeText(text: string): string {
  return text.replace(/[&<>]/g, (character) => `&#${character.codePointAt(0)};`)
}

function drawBar({ title, kind, median, min, max }: Bar, row: number, maxValue: number): string {
  const y = headerHeight + row * rowHeight
  const middle = y + barHeight / 2
  const left = margin + titleWidth
  const scale = (width - left - valueWidth - margin) / maxValue
  const at = (value: number): number => Math.round(left + Math.min(value, maxValue) * scale)
  const note = median > maxValue ? ' (truncated)' : ''
  return `
  <text x="${left - 10}" y="${middle + 5}" text-anchor="end">${escapeText(title)}</text>
  <rect class="${kind}" x="${left}" y="${y}" width="${Math.max(at(median) - left, 1)}" height="${barHeight}" rx="2"/>
  <path class="spread" d="M${at(min)} ${middle}H${at(max)}"/>
  <text x="${at(max) + 8}" y="${middle + 5}">${formatNumber(median)}${note}</text>`
}

/** Draws a bar chart of the first metric, in ascending order, with lines for the range. Returns undefined without bars. */
export function drawChart({ title, metrics, outcomes, date, runtime, machine, rounds }: Result): string | undefined {
  const [metric] = metrics
  const bars = outcomes
    .flatMap((outcome): Bar[] => {
      const values = valuesOf(outcome, `${metric?.key}`)
      return values.length > 0 ? [{ title: outcome.title, kind: outcome.kind, ...distribution(values) }] : []
    })
    .sort((a, b) => a.median - b.median)
  if (!metric || bars.length === 0) return undefined
  const missing = outcomes.flatMap(({ title, failure }) => (failure === undefined ? [] : [`${title}: ${failure}`]))
  const height = headerHeight + bars.length * rowHeight + footerHeight + missing.length * 16
  const ours = bars.find(({ kind }) => kind === 'ours')
  const maxValue = Math.min(Math.max(...bars.map(({ max }) => max)), (ours?.median ?? Infinity) * maxRelativeLength)
  const base = height - 18
  const notes = [
    `${date.slice(0, 10)}, ${runtime}, ${machine}; ${rounds === 1 ? '1 round' : `median of ${rounds} rounds, lines from minimum to maximum`}`,
  ]
  const foot = [...missing, ...notes].map(
    (note, index, all) =>
      `\n  <text class="small" x="${margin}" y="${base - (all.length - 1 - index) * 16}">${escapeText(note)}</text>`,
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
  <title>${escapeText(title)}</title>
  <style>${style}</style>
  <rect class="background" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8"/>
  <text class="title" x="${margin}" y="32">${escapeText(title)}</text>
  <text class="small" x="${margin}" y="52">${escapeText(`${metric.title}, ${metric.unit}; lower is better`)}</text>${bars
    .map((bar, row) => drawBar(bar, row, maxValue))
    .join('')}${foot.join('')}
</svg>
`
}
