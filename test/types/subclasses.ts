// A library that exports subclasses, and whose declarations are generated.
import { EventSource, type EventSourceConstructor, type EventSourceInit } from 'everysource'
import { SharedEventSource } from 'everysource/shared'

export class Counting extends EventSource {
  count = 0
}

export class CountingShared extends SharedEventSource {
  count = 0
}

export const counts = [new Counting('/feed').count, new CountingShared('/feed').count]

// A test double has the members, but is not a subclass.
const nothing = (): void => {}
export class Fake implements EventSource {
  static readonly CONNECTING = 0
  static readonly OPEN = 1
  static readonly CLOSED = 2
  readonly CONNECTING = 0
  readonly OPEN = 1
  readonly CLOSED = 2
  readonly url: string
  readonly withCredentials = false
  readonly readyState = 1
  readonly lastEventId = ''
  onopen = null
  onmessage = null
  onerror = null
  addEventListener = nothing
  removeEventListener = nothing
  dispatchEvent = (): boolean => true
  reconnect = nothing
  close = nothing;
  [Symbol.dispose] = nothing
  readonly [Symbol.toStringTag] = 'EventSource'

  constructor(url: string | URL, _init?: EventSourceInit | null) {
    this.url = `${url}`
  }
}
export const doubles: EventSourceConstructor[] = [EventSource, Fake]
