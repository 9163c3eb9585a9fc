import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { StreamMessageEvent } from '../src/message-event.ts'

describe("a stream's event", () => {
  const message = { data: 'a\nb', origin: 'https://feed.example', lastEventId: '7' }
  const event = new StreamMessageEvent('tick', message) as unknown as MessageEvent
  const own = new MessageEvent('tick', message)

  it('is a MessageEvent by all that can be seen of it', () => {
    expect(event).toBeInstanceOf(MessageEvent)
    expect(event).toBeInstanceOf(Event)
    expect(event.constructor).toBe(MessageEvent)
    expect(Object.prototype.toString.call(event)).toBe(Object.prototype.toString.call(own))
    expect(inspect(event).split(' ')[0]).toBe(inspect(own).split(' ')[0])
  })

  it.each([
    'type',
    'data',
    'origin',
    'lastEventId',
    'source',
    'ports',
    'bubbles',
    'cancelable',
    'composed',
    'defaultPrevented',
    'eventPhase',
    'target',
  ] as const)("has the %s that Node's own has", (member) => {
    expect(event[member]).toEqual(own[member])
  })

  it('has members that are read from its prototype, as those of any event', () => {
    expect(Object.keys(event)).toEqual(Object.keys(own))
    for (const member of ['data', 'origin', 'lastEventId', 'source', 'ports']) {
      expect(member in event).toBe(true)
    }
  })

  it('can be dispatched, as often as one likes', () => {
    const target = new EventTarget()
    const seen: unknown[] = []
    target.addEventListener('tick', (given) => seen.push((given as MessageEvent).data))
    target.dispatchEvent(event)
    target.dispatchEvent(event)
    expect(seen).toEqual(['a\nb', 'a\nb'])
  })
})
