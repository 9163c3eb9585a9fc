import { readFile, writeFile } from 'node:fs/promises'
import { type Result, valuesOf } from './result.ts'
import { type Distribution, distribution, pairedRatios } from './statistics.ts'

/** The median, minimum and maximum over all rounds, as precise as in the tables. */
export type Summary = readonly [median: number, min: number, max: number]

/** Summaries by metric, by subject. */
type Summaries = Readonly<Record<string, Readonly<Record<string, Summary>>>>

/** One workload in results.json. */
export interface Entry extends Omit<Result, 'name' | 'date' | 'metrics' | 'outcomes'> {
  /** The time of the measurement. */
  readonly measuredAt: string
  /** The title and unit of each metric. */
  readonly metrics: Readonly<Record<string, string>>
  readonly values: Summaries
  /** The value of everysource divided by that of the subject in the same round. */
  readonly ratios: Summaries
  /** The reason why a subject has no value. */
  readonly failures?: Readonly<Record<string, string>>
}

const maxLineLength = 120

/** Adds a result to results.json, or replaces the earlier result of the same workload. */
export async function updateResultsFile(file: string, result: Result): Promise<void> {
  const entries = { ...(await readEntries(file)), [result.name]: entryOf(result) }
  await writeFile(file, `${format(entries)}\n`)
}

/** Returns the entries of results.json by workload; none if there is no such file. */
export async function readEntries(file: string): Promise<Record<string, Entry>> {
  try {
    return JSON.parse(await readFile(file, 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw error
  }
}

/** Returns the entry of a result. */
export function entryOf({ name: _, title, date, metrics, outcomes, ...description }: Result): Entry {
  const [everysource] = outcomes
  const summarizeAll = (summaryOf: (outcome: (typeof outcomes)[number], key: string) => Summary[]): Summaries =>
    Object.fromEntries(
      outcomes.flatMap((outcome) => {
        const summaries = metrics.flatMap(({ key }) =>
          summaryOf(outcome, key).map((summary) => [key, summary] as const),
        )
        return summaries.length > 0 ? [[outcome.title, Object.fromEntries(summaries)]] : []
      }),
    )
  const failures = outcomes.flatMap(({ title, failure }) => (failure === undefined ? [] : [[title, failure] as const]))
  return {
    title,
    measuredAt: date,
    ...description,
    metrics: Object.fromEntries(metrics.map(({ key, title, unit }) => [key, `${title}, ${unit}`])),
    values: summarizeAll((outcome, key) => {
      const values = valuesOf(outcome, key)
      return values.length > 0 ? [summarize(distribution(values))] : []
    }),
    ratios: summarizeAll((outcome, key) => {
      if (!everysource || outcome === everysource) return []
      const ratios = pairedRatios(valuesOf(everysource, key), valuesOf(outcome, key))
      return ratios ? [summarize(ratios)] : []
    }),
    ...(failures.length > 0 && { failures: Object.fromEntries(failures) }),
  }
}

function summarize({ median, min, max }: Distribution): Summary {
  const round = (value: number): number => (value >= 100 ? Math.round(value) : Number(value.toPrecision(3)))
  return [round(median), round(min), round(max)]
}

/** Formats JSON with every array or object on one line if it fits. */
function format(value: unknown, indentation = '', used = 0): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const isArray = Array.isArray(value)
  const members = Object.entries(value).map(
    ([key, member]) => [isArray ? '' : `${JSON.stringify(key)}: `, member] as const,
  )
  if (members.length === 0) return isArray ? '[]' : '{}'
  const [start, end] = isArray ? ['[', ']'] : ['{ ', ' }']
  const line = `${start}${members.map(([key, member]) => `${key}${format(member, '', -Infinity)}`).join(', ')}${end}`
  if (indentation.length + used + line.length < maxLineLength) return line
  const inner = `${indentation}  `
  const lines = members.map(([key, member]) => `${inner}${key}${format(member, inner, key.length)}`)
  return `${start.trim()}\n${lines.join(',\n')}\n${indentation}${end.trim()}`
}
