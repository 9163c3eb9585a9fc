class MissingEventTarget {
  constructor() {
    throw new TypeError('this runtime has no EventTarget')
  }
}

export const EventTargetBase = globalThis.EventTarget ?? MissingEventTarget

export const EventBase = globalThis.Event ?? Object
