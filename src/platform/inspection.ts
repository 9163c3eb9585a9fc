/** What consoles show in place of an event: its fields that are not undefined, under the name of this class. */
class ErrorEvent {
  constructor(event: Event) {
    const fields = Object.entries(event).filter(([, value]) => value !== undefined)
    Object.assign(this, { type: event.type }, Object.fromEntries(fields))
  }
}

const inspections: Record<string, (this: Event, ...given: never) => unknown> = {
  // Node and Bun.
  'nodejs.util.inspect.custom'() {
    return new ErrorEvent(this)
  },
  'Deno.customInspect'(inspect: (value: unknown, options: unknown) => string, options: unknown) {
    return inspect(new ErrorEvent(this), options)
  },
}

/** The consoles of Node, Deno and Bun show only what every Event has, unless its class says otherwise. */
export function showFields({ prototype }: { readonly prototype: object }): void {
  for (const [name, value] of Object.entries(inspections)) {
    Object.defineProperty(prototype, Symbol.for(name), { value, configurable: true, writable: true })
  }
}
