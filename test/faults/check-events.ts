import type { Redelivery } from '../../fixtures/fault-proxy.ts'

/** The first and the last of consecutive events. */
export type Sequence = readonly [first: number, last: number]

export interface EventErrors {
  /** The number of events that never came. */
  readonly lost: number
  /** The number of events that came again although the server had not delivered them again. */
  readonly duplicated: number
  /** The number of events that came for the first time after an event with a higher number. */
  readonly outOfOrder: number
  /** The number of events that came again because the server had delivered them again, which a client cannot detect. */
  readonly redelivered: number
}

/**
 * Counts the errors of a client that received these sequences of the events 1 to `total`. A step back is the server's
 * only if its record says so: the client had requested what follows its last event, and was given what it received.
 */
export function checkEvents(
  sequences: readonly Sequence[],
  total: number,
  redeliveries: readonly Redelivery[],
): EventErrors {
  const received = new Set<number>()
  const pending = [...redeliveries]
  let duplicated = 0
  let outOfOrder = 0
  let redelivered = 0
  let previous = 0
  let highest = 0
  /** The next event of the last redelivery, and the last event that it repeats. */
  let next = 0
  let upTo = 0
  for (const [first, last] of sequences) {
    // A redelivery that another fault interrupted before its first event is skipped.
    const index = pending.findIndex(({ asked, given }) => asked === previous && given === first - 1)
    if (index !== -1) {
      pending.splice(0, index + 1)
      next = first
      upTo = highest
    }
    for (let number = first; number <= last; number++) {
      const isRedelivered = number === next && number <= upTo
      if (isRedelivered) next++
      if (!received.has(number)) {
        received.add(number)
        if (number < highest) outOfOrder++
      } else if (isRedelivered) {
        redelivered++
      } else {
        duplicated++
      }
      highest = Math.max(highest, number)
    }
    previous = last
  }
  return { lost: total - received.size, duplicated, outOfOrder, redelivered }
}
