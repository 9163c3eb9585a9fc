import type { Redelivery } from '../../fixtures/fault-proxy.ts'

/** The first and the last of events that came one after the other, each the successor of the one before. */
export type Sequence = readonly [first: number, last: number]

export interface Verdict {
  /** Never came. */
  readonly lost: number
  /** Came again, and not because the server had delivered them again. */
  readonly doubled: number
  /** Came first after an event with a higher number. */
  readonly outOfOrder: number
  /** Came again because the server had delivered them again: a client cannot know that, and has to hand them on. */
  readonly redelivered: number
}

/**
 * What to think of a client that received these sequences of the events 1 to `total`. A step back is the server's doing
 * only where its record says so: the client had asked for what follows the event it had last, and was given what it got.
 */
export function judge(sequences: readonly Sequence[], total: number, redeliveries: readonly Redelivery[]): Verdict {
  const received = new Set<number>()
  const pending = [...redeliveries]
  let doubled = 0
  let outOfOrder = 0
  let redelivered = 0
  let previous = 0
  let highest = 0
  /** What the last redelivery brings next, and up to where it brings what had come before. */
  let next = 0
  let upTo = 0
  for (const [first, last] of sequences) {
    // One that never brought an event, since something else went wrong then, is passed over.
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
        doubled++
      }
      highest = Math.max(highest, number)
    }
    previous = last
  }
  return { lost: total - received.size, doubled, outOfOrder, redelivered }
}
