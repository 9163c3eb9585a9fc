import type { Observation } from './observation.ts'
import type { ScanState } from './stream-scan.ts'

/** A time in which no bytes arrived, and the state of the stream during it. */
export interface Pause extends ScanState {
  /** The duration in ms. */
  readonly length: number
  /** The first byte after the pause; undefined if none arrived. */
  readonly next: number | undefined
}

/** The minimum length of a long pause as a share of the longest one. Shorter ones come from the network's packets. */
const longShare = 0.25

/** Returns the maximum of the numbers and 0. There may be more numbers than a function takes arguments. */
export function maximum(numbers: readonly number[]): number {
  return numbers.reduce((one, other) => Math.max(one, other), 0)
}

/** Returns the pauses between the writes of a server, as opposed to those within a write. */
export function findLongPauses({ body, stream, recording }: Observation): readonly Pause[] {
  const { end, duration } = recording
  const pauses = stream.states.flatMap((state, index): Pause[] => {
    const next = body[index + 1]
    if (next) return [{ ...state, length: next.at - state.at, next: next.bytes[0] }]
    return end.kind === 'time' ? [{ ...state, length: duration - state.at, next: undefined }] : []
  })
  const longest = maximum(pauses.map(({ length }) => length))
  return pauses.filter(({ length }) => length > 0 && length >= longShare * longest)
}

/** Whether a line continued after the pause. Servers write complete lines, so a buffer in between split it. */
export function splitsLine({ after, next }: Pause): boolean {
  return after === 'part of a line' && next !== undefined && next !== 10 && next !== 13
}
