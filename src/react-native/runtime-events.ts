import { Event as OwnEvent, EventTarget as OwnEventTarget } from './event-target.ts'

type Globals = Pick<typeof globalThis, 'Event' | 'EventTarget'>

/** The runtime's classes if it has both, since neither works with a different implementation of the other. */
export const { Event, EventTarget }: Globals =
  globalThis.Event && globalThis.EventTarget
    ? globalThis
    : ({ Event: OwnEvent, EventTarget: OwnEventTarget } as unknown as Globals)
