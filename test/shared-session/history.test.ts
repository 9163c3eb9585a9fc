import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MessageHistory } from '../../src/shared/history.ts'
import type { TabRequest } from '../../src/shared/protocol.ts'

const requester = 7

/** A history of messages with the IDs and data 1 to `count`, in a series of its own. */
function historyOf(count: number, replay = 0): MessageHistory {
  const history = new MessageHistory('', replay)
  history.ensureSeries()
  for (let number = 1; number <= count; number++) {
    history.append({ type: 'message', data: `${number}`, lastEventId: `${number}` })
  }
  return history
}

function requestFrom(position: Partial<TabRequest>): TabRequest {
  return { kind: 'catch up', from: requester, series: 0, number: 0, lastEventId: '', replay: 0, ...position }
}

/** The numbers of the messages that a request is answered with, or undefined if they leave a gap. */
function answer(history: MessageHistory, position: Partial<TabRequest>): number[] | undefined {
  const { messages, reply } = history.messagesFor(requestFrom(position))
  return reply.isContiguous ? messages.map(({ data }) => Number(data)) : undefined
}

describe('A history numbers messages', () => {
  it('A history begins a series only if it has none, or no ID to resume after', () => {
    const history = new MessageHistory('', 0)
    expect(history.isKnown).toBe(false)
    history.ensureSeries()
    const { series } = history
    expect(history.isKnown).toBe(true)
    history.append({ type: 'message', data: '', lastEventId: '' })
    history.ensureSeries()
    expect(history.series).not.toBe(series)
    expect(history.number).toBe(0)

    history.append({ type: 'message', data: '', lastEventId: 'a' })
    const withId = history.series
    history.ensureSeries()
    expect(history).toMatchObject({ series: withId, number: 1, lastEventId: 'a' })
  })

  it('A history that joins another series continues from the number there, without its own messages', () => {
    const history = historyOf(3)
    history.join(0.5, 40, 'x')
    history.append({ type: 'message', data: '41', lastEventId: 'y' })
    expect(history).toMatchObject({ series: 0.5, number: 41, lastEventId: 'y' })
    expect(answer(history, { series: 0.5, number: 40 })).toEqual([41])
    expect(answer(history, { lastEventId: 'x' })).toEqual([41])
    expect(answer(history, { series: 0.5, number: 39 })).toBeUndefined()
  })
})

describe('A history answers requests of tabs that lack messages', () => {
  it('A tab of the same series receives what came after its number', () => {
    const history = historyOf(5)
    const { series } = history
    expect(answer(history, { series, number: 3, lastEventId: '3' })).toEqual([4, 5])
    expect(answer(history, { series, number: 5, lastEventId: '5' })).toEqual([])
    expect(answer(history, { series, number: 6, lastEventId: '6' })).toEqual([])
  })

  it('A tab of another series receives what came after its last event ID, if that is known', () => {
    const history = historyOf(5)
    expect(answer(history, { series: 0.5, number: 90, lastEventId: '4' })).toEqual([5])
    expect(answer(history, { series: 0.5, number: 90, lastEventId: 'unknown' })).toBeUndefined()
    expect(answer(history, { series: 0.5, number: 90 })).toEqual([])
  })

  it('A tab that joins receives as many messages as it asks for', () => {
    const history = historyOf(5)
    expect(answer(history, {})).toEqual([])
    expect(answer(history, { replay: 2 })).toEqual([4, 5])
  })

  it('A tab that asks for more messages than there are learns that there are not so many', () => {
    expect(answer(historyOf(5), { replay: 6 })).toBeUndefined()
    expect(historyOf(5).messagesFor(requestFrom({ replay: 6 })).messages).toHaveLength(5)
  })

  it('A reply names the tab that asked and where that tab was', () => {
    const { reply } = historyOf(1).messagesFor(requestFrom({ series: 0.5, number: 3 }))
    expect(reply).toEqual({ to: requester, isContiguous: true, series: 0.5, number: 3 })
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
    const { series } = history
    const numbers = Array.from({ length: kept ?? 0 }, (_, index) => 500 - (kept ?? 0) + index + 1)
    expect(answer(history, { series, number: 500 - (kept ?? 0) })).toEqual(numbers)
    expect(answer(history, { series, number: 499 - (kept ?? 0) })).toBeUndefined()
    expect(answer(history, { lastEventId: `${500 - (kept ?? 0)}` })).toEqual(numbers)
    expect(answer(history, { lastEventId: `${499 - (kept ?? 0)}` })).toBeUndefined()
  })

  it('A tab at any position receives exactly the messages after it, or learns that they are gone', () => {
    const property = fc.property(fc.nat(400), fc.nat(400), fc.nat(200), (count, position, replay) => {
      const history = historyOf(count, replay)
      const expected = Array.from({ length: Math.max(0, count - position) }, (_, index) => position + index + 1)
      const isKept = expected.length <= Math.max(128, replay)
      const received = answer(history, { series: history.series, number: position, lastEventId: `${position}` })
      expect(received).toEqual(isKept ? expected : undefined)
    })
    fc.assert(property, { seed: 11, numRuns: 100 })
  })

  /** A history of messages with IDs from 1 and data of the given lengths. */
  function historyOfLengths(lengths: readonly number[], replay = 0): MessageHistory {
    const history = new MessageHistory('', replay)
    history.ensureSeries()
    for (const [index, length] of lengths.entries()) {
      history.append({ type: 'message', data: 'x'.repeat(length), lastEventId: `${index + 1}` })
    }
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
    expect(history.messagesFor(requestFrom({ series: 0.5, lastEventId: '2' })).messages).toHaveLength(3)
    expect(history.messagesFor(requestFrom({ series: 0.5, lastEventId: '1' })).reply.isContiguous).toBe(false)
  })

  it('A history that has joined another series counts the characters from there', () => {
    const history = historyOfLengths([1_000_000])
    history.join(0.5, 10, '')
    for (const lastEventId of ['11', '12', '13']) {
      history.append({ type: 'message', data: 'x'.repeat(300_000), lastEventId })
    }
    expect(keptLengths(history)).toHaveLength(3)
  })
})
