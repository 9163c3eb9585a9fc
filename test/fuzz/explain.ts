import { isDeepStrictEqual } from 'node:util'
import type { Interpretation } from '../../fixtures/streams/event-stream.ts'
import { interpret } from '../../fixtures/streams/reference.ts'
import { type Circumstances, compare, type Expectation, expectationOf } from './compare.ts'
import { type Deviation, nulPlaceholder } from './deviations.ts'
import { joinLines, type Line, splitLines } from './lines.ts'
import type { ClientObservation } from './observation.ts'

/** Returns the names of the known deviations that explain the observation of a client; undefined if they do not. */
export function explain(
  observed: ClientObservation,
  chunks: readonly Uint8Array[],
  deviations: readonly Deviation[],
  circumstances: Circumstances,
): string[] | undefined {
  for (const arrived of possibleArrivals(chunks)) {
    const { names, expectation } = deviate(arrived, deviations)
    if (names.length > 0 && compare(observed, expectation, circumstances).length === 0) return names
  }
  return undefined
}

/** Applies the deviations to a stream, and returns the names of those that had an effect. */
function deviate(
  chunks: readonly Uint8Array[],
  deviations: readonly Deviation[],
): { names: string[]; expectation: Expectation } {
  const names: string[] = []
  let lines: readonly Line[] = splitLines(new TextDecoder().decode(Buffer.concat(chunks)))
  let expectation = expectationOf(interpretLines(lines))
  for (const { name, reads, sends } of deviations) {
    lines = reads?.(lines, chunks) ?? lines
    const read = reads === undefined ? expectation : expectationOf(interpretLines(lines))
    const changed = { ...read, header: read.header && sends ? sends(read.header) : read.header }
    if (!isDeepStrictEqual(changed, expectation)) names.push(name)
    expectation = changed
  }
  return { names, expectation }
}

function interpretLines(lines: readonly Line[]): Interpretation {
  // The byte order mark prevents the text from being treated as one.
  const interpretation = interpret(new TextEncoder().encode(`\uFEFF${joinLines(lines)}`))
  const restore = (text: string): string => text.replaceAll(nulPlaceholder, '\0')
  return {
    ...interpretation,
    events: interpretation.events.map((event) => ({ ...event, lastEventId: restore(event.lastEventId) })),
    lastEventId: restore(interpretation.lastEventId),
  }
}

/**
 * Returns the chunks as they were sent, and variants with some of the first ones joined, as the network may deliver
 * them.
 */
function possibleArrivals(chunks: readonly Uint8Array[]): Uint8Array[][] {
  const [first, ...rest] = chunks
  if (first === undefined) return [[]]
  // Only chunks that begin within the first three bytes matter.
  if (first.length >= 3) return [[...chunks]]
  const apart = possibleArrivals(rest).map((arrival) => [first, ...arrival])
  const [second, ...others] = rest
  return second === undefined ? apart : [...apart, ...possibleArrivals([Buffer.concat([first, second]), ...others])]
}
