import type { Outcome } from './measure.ts'
import type { WorkDescription } from './works.ts'

/** A work and what came of it: what is written as JSON. */
export interface Result extends WorkDescription {
  readonly name: string
  readonly date: string
  readonly machine: string
  readonly rounds: number
  readonly scale: number
  readonly outcomes: readonly Outcome[]
}

/** A metric of an outcome, round by round. */
export function valuesOf({ rounds }: Outcome, key: string): number[] {
  return rounds.flatMap((values) => values[key] ?? [])
}

/** Three digits that count. */
export function formatNumber(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3)
}
