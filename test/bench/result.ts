import type { Outcome } from './measure.ts'
import type { BenchmarkDescription } from './workloads.ts'

/** A workload and the measurements of all subjects, round by round. */
export interface Result extends BenchmarkDescription {
  readonly name: string
  /** The time of the measurement as an ISO string. */
  readonly date: string
  /** The runtime, browser or bundler, with its version. */
  readonly runtime: string
  readonly machine: string
  readonly rounds: number
  readonly scale: number
  readonly outcomes: readonly Outcome[]
}

/** Returns the values of one metric, round by round. */
export function valuesOf({ rounds }: Outcome, key: string): number[] {
  return rounds.flatMap((values) => values[key] ?? [])
}

/** Formats a number with three significant digits. */
export function formatNumber(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3)
}
