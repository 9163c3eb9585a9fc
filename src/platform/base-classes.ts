import type { DomEventTarget } from './dom-types.ts'

class MissingEventTarget {
  constructor() {
    throw new TypeError('this runtime has no EventTarget')
  }
}

export const EventTargetBase: new () => DomEventTarget = globalThis.EventTarget ?? MissingEventTarget

export const EventBase = globalThis.Event ?? Object
