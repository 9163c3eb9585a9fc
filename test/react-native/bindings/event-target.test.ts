import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { Event as OwnEvent, EventTarget as OwnEventTarget } from '../../../src/react-native/event-target.ts'
import { MessageEvent as OwnMessageEvent } from '../../../src/react-native/message-event.ts'

type Kind = 'own' | 'standard'

const kinds = {
  own: { Event: OwnEvent as unknown as typeof Event, EventTarget: OwnEventTarget as unknown as typeof EventTarget },
  standard: { Event, EventTarget },
}

/** One thing done to a target; each is done to ours and to the platform's. */
type Action =
  | { readonly do: 'add' | 'remove'; readonly listener: number; readonly once: boolean }
  | { readonly do: 'dispatch' }

const action: fc.Arbitrary<Action> = fc.oneof(
  fc.record({
    do: fc.constantFrom('add' as const, 'remove' as const),
    listener: fc.integer({ min: 0, max: 4 }),
    once: fc.boolean(),
  }),
  fc.constant({ do: 'dispatch' as const }),
)

/** Does everything to a target, and returns what its listeners saw. */
function play(kind: Kind, actions: readonly Action[]): string[] {
  const { Event, EventTarget } = kinds[kind]
  const target = new EventTarget()
  const log: string[] = []
  const listeners: EventListenerOrEventListenerObject[] = [
    (event) => log.push(`0 ${event.type}`),
    { handleEvent: (event) => log.push(`1 ${event.target === target}`) },
    // Takes another one away while the event is on its way.
    () => {
      log.push('2')
      target.removeEventListener('a', listeners[0] ?? null)
    },
    (event) => {
      log.push(`3 ${event.defaultPrevented}`)
      event.preventDefault()
    },
    (event) => {
      log.push('4')
      event.stopImmediatePropagation()
    },
  ]
  for (const step of actions) {
    if (step.do === 'dispatch') {
      const event = new Event('a', { cancelable: true })
      log.push(`dispatched ${target.dispatchEvent(event)}`)
    } else {
      const { listener, once } = step
      const chosen = listeners[listener] ?? null
      if (step.do === 'add') target.addEventListener('a', chosen, { once })
      else target.removeEventListener('a', chosen)
    }
  }
  return log
}

test('Listeners are added, removed and called as by the EventTarget of the standard', () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 20 }), (actions) => {
      expect(play('own', actions)).toEqual(play('standard', actions))
    }),
    { numRuns: 2_000 },
  )
})

test('During dispatch an event is at its target, and afterwards it is not', () => {
  const target = new OwnEventTarget()
  const event = new OwnEvent('a') as unknown as Event
  const seen: unknown[] = []
  const look = (): void => void seen.push([event.eventPhase, event.currentTarget, event.composedPath()])
  // Node's own forgets it after the first listener.
  target.addEventListener('a', look)
  target.addEventListener('a', () => look())
  target.dispatchEvent(event)
  look()
  expect(seen).toEqual([
    [Event.AT_TARGET, target, [target]],
    [Event.AT_TARGET, target, [target]],
    [Event.NONE, null, []],
  ])
  expect(event.target).toBe(target)
})

test('Capturing listeners are called first, and are distinct from those that do not capture', () => {
  const target = new OwnEventTarget()
  const calls: string[] = []
  const both = (): void => void calls.push('both')
  target.addEventListener('a', both)
  target.addEventListener('a', () => calls.push('bubbling'))
  target.addEventListener('a', () => calls.push('capturing'), true)
  target.addEventListener('a', both, { capture: true })
  target.dispatchEvent(new OwnEvent('a') as unknown as Event)
  expect(calls).toEqual(['capturing', 'both', 'both', 'bubbling'])
  target.removeEventListener('a', both, true)
  target.dispatchEvent(new OwnEvent('a') as unknown as Event)
  expect(calls.slice(4)).toEqual(['capturing', 'both', 'bubbling'])
})

test('An exception of a listener is thrown in a separate task, and the other listeners are called', () => {
  vi.useFakeTimers()
  const target = new OwnEventTarget()
  const called = vi.fn()
  target.addEventListener('a', () => {
    throw new Error('by a listener')
  })
  target.addEventListener('a', called)
  target.dispatchEvent(new OwnEvent('a') as unknown as Event)
  expect(called).toHaveBeenCalledOnce()
  expect(() => vi.runAllTimers()).toThrow('by a listener')
  vi.useRealTimers()
})

test('A listener whose signal is aborted is removed, and one whose signal was is not added', () => {
  const target = new OwnEventTarget()
  const called = vi.fn()
  const controller = new AbortController()
  target.addEventListener('a', called, { signal: controller.signal })
  controller.abort()
  target.addEventListener('a', called, { signal: controller.signal })
  target.dispatchEvent(new OwnEvent('a') as unknown as Event)
  expect(called).not.toHaveBeenCalled()
})

test('An object that is not an event, and an event that is being dispatched, are refused', () => {
  const target = new OwnEventTarget()
  expect(() => target.dispatchEvent({ type: 'a' } as Event)).toThrow(TypeError)
  const event = new OwnEvent('a') as unknown as Event
  const refused = vi.fn()
  target.addEventListener('a', () => {
    try {
      target.dispatchEvent(event)
    } catch (error) {
      refused(error)
    }
  })
  target.dispatchEvent(event)
  expect(refused).toHaveBeenCalledWith(expect.any(TypeError))
})

test('A message has the members of a MessageEvent', () => {
  const init = { data: { a: 1 }, origin: 'https://example.org', lastEventId: '7' }
  const [own, standard] = [new OwnMessageEvent('tick', init), new MessageEvent('tick', init)]
  for (const name of ['type', 'data', 'origin', 'lastEventId', 'source', 'ports', 'cancelable'] as const) {
    expect(own[name], name).toEqual(standard[name])
  }
  expect(new OwnMessageEvent('a').data).toBeNull()
  expect(Object.prototype.toString.call(own)).toBe('[object MessageEvent]')
})

test('A listener is removed after its only event, or by its signal, without a method that a subclass overrides', () => {
  const called = vi.fn<() => void>()
  class Overriding extends kinds.own.EventTarget {
    override removeEventListener = called
  }
  const target = new Overriding()
  const controller = new AbortController()
  const heard: string[] = []
  target.addEventListener('a', () => heard.push('once'), { once: true })
  target.addEventListener('a', () => heard.push('until aborted'), { signal: controller.signal })
  target.dispatchEvent(new kinds.own.Event('a'))
  controller.abort()
  target.dispatchEvent(new kinds.own.Event('a'))
  expect(heard).toEqual(['once', 'until aborted'])
  expect(called).not.toHaveBeenCalled()
})
