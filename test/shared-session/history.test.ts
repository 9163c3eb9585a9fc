import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MessageHistory } from '../../src/shared/history.ts'
import type { Position, StreamMessage, TabRequest } from '../../src/shared/protocol.ts'

/** The key of the message with a number, in the series of one connection. */
const key = (number: number, series = 0.25): number => number + series

/** A message with the number that is its ID and its data. */
function message(number: number, members: Partial<StreamMessage> = {}): StreamMessage {
  return { key: key(number), type: 'message', data: `${number}`, lastEventId: `${number}`, ...members }
}

/** A history of messages with the IDs and data 1 to `count`. */
function historyOf(count: number, replay = 0): MessageHistory {
  const history = new MessageHistory('', replay)
  history.join({ key: key(0), lastEventId: '' })
  for (let number = 1; number <= count; number++) history.append(message(number))
  return history
}

function requestFrom(position: Partial<TabRequest>): TabRequest {
  return { kind: 'catch up', from: 7, key: 0, lastEventId: '', replay: 0, ...position }
}

/** The numbers of the messages that a request is answered with. */
function answer(history: MessageHistory, position: Partial<TabRequest>): number[] {
  return history.messagesFor(requestFrom(position)).messages.map(({ data }) => Number(data))
}

/** The position that a request is answered from, if no message answers it. */
function answeredFrom(history: MessageHistory, position: Partial<TabRequest>): Position | undefined {
  const { after, messages } = history.messagesFor(requestFrom(position))
  return messages.length === 0 ? after : undefined
}

describe('A history knows the position of a tab', () => {
  it('A position is the last message, whatever the last event ID is by now', () => {
    const history = new MessageHistory('a', 0)
    expect(history.isKnown).toBe(false)
    expect(history.position).toEqual({ key: 0, lastEventId: 'a' })
    history.append(message(1))
    expect(history.isKnown).toBe(true)
    expect(history.lastEventId).toBe('1')
    history.lastEventId = 'b'
    expect(history.position).toEqual({ key: key(1), lastEventId: '1' })
  })

  it('A history that moves elsewhere continues from there, without its own messages', () => {
    const history = historyOf(3)
    history.join({ key: key(40, 0.5), lastEventId: 'x' })
    history.append(message(41, { key: key(41, 0.5), lastEventId: 'y' }))
    expect(history.position).toEqual({ key: key(41, 0.5), lastEventId: 'y' })
    expect(answer(history, { key: key(40, 0.5) })).toEqual([41])
    expect(answer(history, { lastEventId: 'x' })).toEqual([41])
    expect(answeredFrom(history, { key: key(39, 0.5) })).toEqual(history.position)
  })

  it('A history that moves to where it is keeps its messages', () => {
    const history = historyOf(3)
    history.join({ key: key(3), lastEventId: '3' })
    expect(answer(history, { replay: 3 })).toEqual([1, 2, 3])
  })
})

describe('A history answers requests of tabs that lack messages', () => {
  it('A tab that has a message receives what came after it', () => {
    const history = historyOf(5)
    expect(answer(history, { key: key(3), lastEventId: '3' })).toEqual([4, 5])
    expect(answeredFrom(history, { key: key(5), lastEventId: '5' })).toEqual(history.position)
  })

  it('A tab that has the message with that number from another leader receives what came after its last event ID', () => {
    const history = historyOf(5)
    expect(answer(history, { key: key(4, 0.5), lastEventId: '2' })).toEqual([3, 4, 5])
  })

  it('A tab that was given an ID receives what came after the last message with that ID', () => {
    const history = historyOf(2)
    for (const number of [3, 4]) history.append(message(number, { lastEventId: 'x' }))
    history.append(message(5))
    expect(answer(history, { lastEventId: 'x' })).toEqual([5])
  })

  it('A tab receives what came after a message of an earlier leader', () => {
    const history = historyOf(3)
    history.append(message(4, { key: key(4, 0.5) }))
    expect(answer(history, { key: key(2), lastEventId: '' })).toEqual([3, 4])
    expect(answer(history, { key: key(3), lastEventId: '' })).toEqual([4])
    expect(answeredFrom(history, { key: key(4), lastEventId: '' })).toEqual(history.position)
  })

  it('A tab whose last event ID is not known is told where the leader is', () => {
    const history = historyOf(5)
    expect(answeredFrom(history, { key: key(90, 0.5), lastEventId: 'unknown' })).toEqual(history.position)
    expect(answeredFrom(history, { lastEventId: 'unknown', replay: 2 })).toEqual(history.position)
    expect(answeredFrom(history, { key: key(90, 0.5), replay: 2 })).toEqual(history.position)
  })

  it('A tab that joins receives as many messages as it asks for, or as many as there are', () => {
    const history = historyOf(5)
    expect(answeredFrom(history, {})).toEqual(history.position)
    expect(answer(history, { replay: 2 })).toEqual([4, 5])
    expect(answer(history, { replay: 6 })).toEqual([1, 2, 3, 4, 5])
  })

  it('An answer says after which message it begins, without that message', () => {
    const { after } = historyOf(5).messagesFor(requestFrom({ lastEventId: '3' }))
    expect(after).toEqual({ key: key(3), lastEventId: '3' })
  })
})

describe('A history keeps a limited number of messages', () => {
  it.for([
    [0, 128],
    [128, 128],
    [129, 129],
    [300, 300],
  ])('A tab with replay %i keeps %i messages', ([replay, kept]) => {
    const history = historyOf(500, replay)
    const numbers = Array.from({ length: kept ?? 0 }, (_, index) => 500 - (kept ?? 0) + index + 1)
    expect(answer(history, { key: key(500 - (kept ?? 0)) })).toEqual(numbers)
    expect(answer(history, { key: key(499 - (kept ?? 0)) })).toEqual([])
    expect(answer(history, { lastEventId: `${500 - (kept ?? 0)}` })).toEqual(numbers)
    expect(answer(history, { lastEventId: `${499 - (kept ?? 0)}` })).toEqual([])
  })

  it('A tab at any position receives exactly the messages after it, or is told where the others are', () => {
    const property = fc.property(fc.nat(400), fc.nat(400), fc.nat(200), (count, position, replay) => {
      const history = historyOf(count, replay)
      const expected = Array.from({ length: Math.max(0, count - position) }, (_, index) => position + index + 1)
      const isKept = expected.length <= Math.max(128, replay)
      const request = { key: key(position), lastEventId: `${position}` }
      expect(answer(history, request)).toEqual(isKept ? expected : [])
      if (!isKept) expect(answeredFrom(history, request)).toEqual(history.position)
    })
    fc.assert(property, { seed: 11, numRuns: 100 })
  })

  /** A history of messages with IDs from 1 and data of the given lengths. */
  function historyOfLengths(lengths: readonly number[], replay = 0): MessageHistory {
    const history = historyOf(0, replay)
    for (const [index, length] of lengths.entries()) history.append(message(index + 1, { data: 'x'.repeat(length) }))
    return history
  }

  /** The lengths of all messages that a history has kept. */
  function keptLengths(history: MessageHistory): number[] {
    return history.messagesFor(requestFrom({ replay: 1_000 })).messages.map(({ data }) => data.length)
  }

  it('A history of messages of 1 MiB keeps the last one only, whatever replay is', () => {
    const lengths = Array.from({ length: 128 }, () => 2 ** 20)
    expect(keptLengths(historyOfLengths(lengths))).toEqual([2 ** 20])
    expect(keptLengths(historyOfLengths(lengths, 500))).toEqual([2 ** 20])
  })

  it('A history keeps messages up to 1 Mi characters, and knows the ID before the first that it kept', () => {
    const history = historyOfLengths([300_000, 300_000, 300_000, 300_000, 300_000])
    expect(keptLengths(history)).toEqual([300_000, 300_000, 300_000])
    expect(history.messagesFor(requestFrom({ key: 0.5, lastEventId: '2' })).messages).toHaveLength(3)
    expect(answeredFrom(history, { key: 0.5, lastEventId: '1' })).toEqual(history.position)
  })

  it('A history that has joined another series counts the characters from there', () => {
    const history = historyOfLengths([1_000_000])
    history.join({ key: key(10, 0.5), lastEventId: '' })
    for (const number of [11, 12, 13]) history.append(message(number, { data: 'x'.repeat(300_000) }))
    expect(keptLengths(history)).toHaveLength(3)
  })
})
