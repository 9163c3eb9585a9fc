import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { createMessageEvent } from '../src/message-event.ts'

describe('The message event of a stream looks like a MessageEvent', () => {
  const message = { data: 'a\nb', origin: 'https://feed.example', lastEventId: '7' }
  const event = createMessageEvent('tick', message) as MessageEvent
  const own = new MessageEvent('tick', message)

  it('The event is a MessageEvent in every visible respect', () => {
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
  ] as const)('The event has the same %s as a MessageEvent of Node', (member) => {
    expect(event[member]).toEqual(own[member])
  })

  it('The event has prototype members like any other event', () => {
    expect(Object.keys(event)).toEqual(Object.keys(own))
    for (const member of ['data', 'origin', 'lastEventId', 'source', 'ports']) {
      expect(member in event).toBe(true)
    }
  })

  it('The event can be dispatched several times', () => {
    const target = new EventTarget()
    const seen: unknown[] = []
    target.addEventListener('tick', (given) => seen.push((given as MessageEvent).data))
    target.dispatchEvent(event)
    target.dispatchEvent(event)
    expect(seen).toEqual(['a\nb', 'a\nb'])
  })
})
