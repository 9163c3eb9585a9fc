import type { DomEventTarget } from './dom-types.ts'

export const EventTargetBase: new () => DomEventTarget =
  globalThis.EventTarget ??
  class {
    constructor() {
      throw new TypeError('this runtime has no EventTarget')
    }
  }

export const EventBase = globalThis.Event ?? Object
