// The Event and EventTarget for React Native before 0.86, which has no global ones. The types are lib.dom's, without the
// legacy members.

/** The state of an event, which a dispatch changes. */
interface DispatchState {
  target: EventTarget | null
  currentTarget: EventTarget | null
  isDispatching: boolean
  isStopped: boolean
  isCanceled: boolean
  isInPassiveListener: boolean
}

const phases = { NONE: 0, CAPTURING_PHASE: 1, AT_TARGET: 2, BUBBLING_PHASE: 3 } as const

const states = new WeakMap<object, DispatchState>()

function stateOf(event: object): DispatchState {
  const state = states.get(event)
  if (!state) throw new TypeError('this is not an Event')
  return state
}

/** {@link https://dom.spec.whatwg.org/#interface-event} */
export class Event {
  readonly type: string
  readonly bubbles: boolean
  readonly cancelable: boolean
  readonly composed: boolean
  /** Whether the user agent created the event: never here. */
  readonly isTrusted = false
  readonly timeStamp: number

  constructor(type: string, init: EventInit = {}) {
    this.type = `${type}`
    this.bubbles = !!init.bubbles
    this.cancelable = !!init.cancelable
    this.composed = !!init.composed
    this.timeStamp = performance.now()
    states.set(this, {
      target: null,
      currentTarget: null,
      isDispatching: false,
      isStopped: false,
      isCanceled: false,
      isInPassiveListener: false,
    })
  }

  get target(): EventTarget | null {
    return stateOf(this).target
  }

  get srcElement(): EventTarget | null {
    return this.target
  }

  get currentTarget(): EventTarget | null {
    return stateOf(this).currentTarget
  }

  get eventPhase(): number {
    return stateOf(this).isDispatching ? phases.AT_TARGET : phases.NONE
  }

  get defaultPrevented(): boolean {
    return stateOf(this).isCanceled
  }

  composedPath(): EventTarget[] {
    const { currentTarget } = stateOf(this)
    return currentTarget ? [currentTarget] : []
  }

  preventDefault(): void {
    const state = stateOf(this)
    if (this.cancelable && !state.isInPassiveListener) state.isCanceled = true
  }

  /** Does nothing: there is no other target that the event could propagate to. */
  stopPropagation(): void {
    stateOf(this)
  }

  stopImmediatePropagation(): void {
    stateOf(this).isStopped = true
  }

  get [Symbol.toStringTag](): string {
    return 'Event'
  }
}

for (const target of [Event, Event.prototype]) {
  for (const [name, value] of Object.entries(phases)) Object.defineProperty(target, name, { value, enumerable: true })
}

interface Listener {
  readonly type: string
  readonly callback: EventListenerOrEventListenerObject
  readonly capture: boolean
  readonly once: boolean
  readonly passive: boolean
  isRemoved: boolean
}

const listenersOf = new WeakMap<object, Listener[]>()

function isCapturing(options: AddEventListenerOptions | boolean | undefined): boolean {
  return typeof options === 'boolean' ? options : !!options?.capture
}

/** Reports an exception to the global handler, in a separate task, like React Native's own EventTarget. */
function report(error: unknown): void {
  setTimeout(() => {
    throw error
  })
}

/** {@link https://dom.spec.whatwg.org/#interface-eventtarget} */
export class EventTarget {
  constructor() {
    listenersOf.set(this, [])
  }

  addEventListener(
    type: string,
    callback: EventListenerOrEventListenerObject | null,
    options?: AddEventListenerOptions | boolean,
  ): void {
    const capture = isCapturing(options)
    const { once = false, passive = false, signal } = Object(options) as AddEventListenerOptions
    if (!callback || signal?.aborted) return
    const listeners = this.#listeners()
    if (listeners.some((known) => matches(known, `${type}`, callback, capture))) return
    listeners.push({ type: `${type}`, callback, capture, once: !!once, passive: !!passive, isRemoved: false })
    signal?.addEventListener('abort', () => this.#remove(`${type}`, callback, capture))
  }

  removeEventListener(
    type: string,
    callback: EventListenerOrEventListenerObject | null,
    options?: EventListenerOptions | boolean,
  ): void {
    this.#remove(`${type}`, callback, isCapturing(options))
  }

  /** Apart from `removeEventListener`, which a subclass may override: the runtime does not call what is overridden. */
  #remove(type: string, callback: EventListenerOrEventListenerObject | null, capture: boolean): void {
    const listeners = this.#listeners()
    const index = listeners.findIndex((known) => matches(known, type, callback, capture))
    // A dispatch in progress iterates over a copy of the list.
    for (const removed of index < 0 ? [] : listeners.splice(index, 1)) removed.isRemoved = true
  }

  /** @returns false if a listener has canceled the event */
  dispatchEvent(event: globalThis.Event): boolean {
    const listeners = this.#listeners()
    const state = stateOf(event)
    if (state.isDispatching) throw new TypeError('the event is already being dispatched')
    const target = this as unknown as globalThis.EventTarget
    Object.assign(state, { target, currentTarget: target, isDispatching: true })
    // Capturing listeners are called first, also at the target.
    for (const capture of [true, false]) {
      for (const listener of listeners.filter((each) => each.type === event.type && each.capture === capture)) {
        if (state.isStopped) break
        if (!listener.isRemoved) this.#call(listener, event, state)
      }
    }
    Object.assign(state, { currentTarget: null, isDispatching: false, isStopped: false })
    return !state.isCanceled
  }

  get [Symbol.toStringTag](): string {
    return 'EventTarget'
  }

  #listeners(): Listener[] {
    const listeners = listenersOf.get(this)
    if (!listeners) throw new TypeError('this is not an EventTarget')
    return listeners
  }

  #call(listener: Listener, event: globalThis.Event, state: DispatchState): void {
    const { type, callback, capture, once, passive } = listener
    if (once) this.#remove(type, callback, capture)
    state.isInPassiveListener = passive
    try {
      if (typeof callback === 'function') callback.call(this as unknown as globalThis.EventTarget, event)
      else callback.handleEvent(event)
    } catch (error) {
      report(error)
    }
    state.isInPassiveListener = false
  }
}

function matches(
  listener: Listener,
  type: string,
  callback: EventListenerOrEventListenerObject | null,
  capture: boolean,
): boolean {
  return listener.type === type && listener.callback === callback && listener.capture === capture
}
