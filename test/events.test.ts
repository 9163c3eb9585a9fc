import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { adaptEventHandlers } from '#platform'
import { TargetEventHandlers } from '../src/event-handlers.ts'
import { type ErrorDetails, ErrorEvent } from '../src/events.ts'
import type { EventHandlers, Platform } from '../src/platform/platform.ts'

afterEach(() => {
  vi.unstubAllGlobals()
  vi.resetModules()
})

const details: ErrorDetails = {
  message: 'the status is 503',
  error: new Error('cause'),
  reason: 'status',
  code: 503,
  status: 503,
  headers: new Headers({ 'Retry-After': '1' }),
  body: 'overloaded',
  attempt: 3,
  willReconnect: true,
  delay: 1_000,
}

describe('An ErrorEvent describes what happened', () => {
  it('An ErrorEvent has all the fields that it was created with', () => {
    const event = new ErrorEvent('error', details)
    const { message, error, reason, code, status, headers, body, attempt, willReconnect, delay } = event
    expect({ message, error, reason, code, status, headers, body, attempt, willReconnect, delay }).toEqual(details)
    expect(event.type).toBe('error')
  })

  it('An ErrorEvent has its fields even where they are undefined', () => {
    const none = {
      ...details,
      code: undefined,
      status: undefined,
      headers: undefined,
      body: undefined,
      delay: undefined,
    }
    const event = new ErrorEvent('error', none)
    for (const field of ['code', 'status', 'headers', 'body', 'delay'] as const) {
      expect(field in event, field).toBe(true)
      expect(event[field]).toBeUndefined()
    }
  })

  it('An ErrorEvent is an Event of the realm that neither bubbles nor can be canceled', () => {
    const event = new ErrorEvent('error', details)
    expect(event).toBeInstanceOf(Event)
    expect([event.bubbles, event.cancelable, event.composed]).toEqual([false, false, false])
    const target = new EventTarget()
    const seen: Event[] = []
    target.addEventListener('error', (dispatched) => seen.push(dispatched))
    target.dispatchEvent(event)
    expect(seen).toEqual([event])
  })

  it('An ErrorEvent neither needs nor extends the ErrorEvent of the platform', async () => {
    vi.stubGlobal(
      'ErrorEvent',
      class extends Event {
        constructor() {
          super('error')
          throw new Error('made of the wrong class')
        }
      },
    )
    vi.resetModules()
    const fresh = await import('../src/events.ts')
    expect(new fresh.ErrorEvent('error', details).reason).toBe('status')
  })
})

/** A target with an event handler attribute that is defined like those of EventSource. */
interface Bell extends EventTarget {
  onring: unknown
  readonly handlers: EventHandlers
}

function createBell(
  adapt: Platform['adaptEventHandlers'] = adaptEventHandlers,
  Handlers: typeof TargetEventHandlers = TargetEventHandlers,
): Bell {
  const target = new EventTarget()
  const handlers = adapt(new Handlers(target))
  Object.defineProperties(target, {
    handlers: { value: handlers },
    onring: { get: () => handlers.get('ring'), set: (value: unknown) => handlers.set('ring', value) },
  })
  return target as Bell
}

function ring(bell: Bell): Event {
  const event = new Event('ring')
  bell.handlers.dispatch(event)
  return event
}

/** A change of a target. Functions and listeners are numbered to distinguish their calls. */
type Step =
  | { readonly step: 'set to function' | 'add listener' | 'remove listener'; readonly number: number }
  | { readonly step: 'set to object' | 'set to null' | 'set to something else' | 'ring' }

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    step: fc.constantFrom('set to function', 'add listener', 'remove listener'),
    number: fc.nat(2),
  }),
  fc.record({ step: fc.constantFrom('set to object', 'set to null', 'set to something else', 'ring') }),
) as fc.Arbitrary<Step>

/** Applies the steps to a target and to a model of the list of listeners that the HTML standard describes. */
function play(bell: Bell, steps: readonly Step[]): void {
  const calls: string[] = []
  const functions = [0, 1, 2].map((number) => () => calls.push(`function ${number}`))
  const listeners = [0, 1, 2].map((number) => () => calls.push(`listener ${number}`))
  let order: string[] = []
  let handler: { readonly value: unknown; readonly name: string | undefined } | undefined
  const activate = (value: unknown, name?: string): void => {
    if (!handler) order.push('handler')
    handler = { value, name }
  }
  for (const given of steps) {
    if ('number' in given) {
      const name = `listener ${given.number}`
      const listener = listeners[given.number] as () => void
      if (given.step === 'set to function') {
        bell.onring = functions[given.number]
        activate(functions[given.number], `function ${given.number}`)
      } else if (given.step === 'add listener') {
        bell.addEventListener('ring', listener)
        if (!order.includes(name)) order.push(name)
      } else {
        bell.removeEventListener('ring', listener)
        order = order.filter((listed) => listed !== name)
      }
    } else if (given.step === 'set to object') {
      const value = { handleEvent: () => calls.push('handleEvent') }
      bell.onring = value
      activate(value)
    } else if (given.step === 'ring') {
      calls.length = 0
      ring(bell)
      const expected = order.map((name) => (name === 'handler' ? handler?.name : name))
      expect(calls).toEqual(expected.filter((name) => name !== undefined))
    } else {
      bell.onring = given.step === 'set to null' ? null : 'alert()'
      order = order.filter((listed) => listed !== 'handler')
      handler = undefined
    }
    expect(bell.onring).toBe(handler?.value ?? null)
  }
}

describe('Event handler attributes behave as the HTML standard describes', () => {
  it('A handler has its position among the listeners after any order of changes', () => {
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 30 }), (steps) => {
        play(createBell(), [...steps, { step: 'ring' }])
      }),
      { numRuns: 1_000 },
    )
  })

  it('A handler is null for a value that is not an object, and any object is stored', () => {
    const bell = createBell()
    fc.assert(
      fc.property(fc.anything(), (value) => {
        bell.onring = value
        const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function'
        expect(bell.onring).toBe(isObject ? value : null)
        ring(bell)
      }),
    )
  })

  it('A handler is called with the event, on the target', () => {
    const bell = createBell()
    const calls: unknown[][] = []
    bell.onring = function (this: unknown, ...given: unknown[]) {
      calls.push([this, ...given])
    }
    const event = ring(bell)
    expect(calls).toHaveLength(1)
    expect(calls[0]?.[0]).toBe(bell)
    expect(calls[0]?.slice(1)).toEqual([event])
  })

  it('A handler that is replaced while the event is dispatched is called in its new form', () => {
    const bell = createBell()
    const calls: string[] = []
    bell.addEventListener('ring', () => {
      bell.onring = () => calls.push('new')
    })
    bell.onring = () => calls.push('old')
    ring(bell)
    expect(calls).toEqual(['new'])
  })

  it('A handler that is set to null while the event is dispatched is not called', () => {
    const bell = createBell()
    const called = vi.fn<() => void>()
    bell.addEventListener('ring', () => {
      bell.onring = null
    })
    bell.onring = called
    ring(bell)
    expect(called).not.toHaveBeenCalled()
  })

  it('A handler is called only for its own type and its own target', () => {
    const [one, other] = [createBell(), createBell()]
    const called = vi.fn<() => void>()
    one.onring = called
    expect(other.onring).toBeNull()
    expect(one.handlers.get('message')).toBeNull()
    ring(other)
    one.handlers.dispatch(new Event('message'))
    expect(called).not.toHaveBeenCalled()
  })

  it('A handler is called for an event that script dispatches', () => {
    const bell = createBell()
    const called = vi.fn<() => void>()
    bell.onring = called
    bell.dispatchEvent(new Event('ring'))
    expect(called).toHaveBeenCalledOnce()
  })
})

/**
 * A mock of workerd's EventTarget, which reads `on…` from the target at the start of a dispatch, and calls it itself.
 */
class WorkerdEventTarget extends EventTarget {
  override dispatchEvent(event: Event): boolean {
    const handler: unknown = Reflect.get(this, `on${event.type}`)
    if (typeof handler === 'function') handler.call(this, event)
    return super.dispatchEvent(event)
  }
}

describe('Event handlers work where the platform itself calls the attribute, as workerd does', () => {
  async function createWorkerdBell(): Promise<Bell> {
    vi.stubGlobal('EventTarget', WorkerdEventTarget)
    vi.resetModules()
    const { TargetEventHandlers } = await import('../src/event-handlers.ts')
    return createBell((await import('#platform')).adaptEventHandlers, TargetEventHandlers)
  }

  it('The handler is called once, in its position', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { maxLength: 20 }), async (steps) => {
        play(await createWorkerdBell(), [...steps, { step: 'ring' }, { step: 'ring' }])
      }),
      { numRuns: 50 },
    )
  })

  it('Script that reads the attribute during a dispatch finds the handler', async () => {
    const bell = await createWorkerdBell()
    const read: unknown[] = []
    const handler = (): void => {
      read.push(bell.onring)
    }
    bell.addEventListener('ring', () => read.push(bell.onring))
    bell.onring = handler
    ring(bell)
    expect(read).toEqual([handler, handler])
    expect(bell.onring).toBe(handler)
  })

  it('An event without a handler does not hide the handler of another type', async () => {
    const bell = await createWorkerdBell()
    const handler = (): void => {}
    bell.onring = handler
    bell.handlers.dispatch(new Event('message'))
    expect(bell.onring).toBe(handler)
  })
})
