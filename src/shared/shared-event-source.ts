import { EventSource, sessionStarter } from '../event-source.ts'
import type { EventSourceInit } from '../options/event-source-init.ts'
import { applyRules, numberFrom, type OptionRule } from '../options/validation.ts'
import { type StartSession, startSession } from '../session.ts'
import { type SharedSettings, startSharedSession } from './shared-session.ts'

/** The options of {@link SharedEventSource}. All are optional. */
export interface SharedEventSourceInit extends EventSourceInit {
  /**
   * Who shares: only tabs that give the same string. Required with `headers`, `body`, `fetch` and methods other than GET,
   * which may make one user's stream different from another's.
   */
  scope?: string | undefined
  /** How many of the last events a tab gets that joins later (0). */
  replay?: number | undefined
}

const rules = {
  scope: { isValid: (value) => typeof value === 'string', expected: 'a string' },
  replay: numberFrom(0, 0),
} satisfies Record<string, OptionRule>

let isAloneSaid = false

function sayAlone(): void {
  if (isAloneSaid) return
  isAloneSaid = true
  // biome-ignore lint/suspicious/noConsole: no event and no return value could say it to whoever deploys the page, and it works all the same.
  console.warn(
    'SharedEventSource: without Web Locks and BroadcastChannel, which need HTTPS or localhost, each tab has a connection of its own',
  )
}

/** The session that all tabs have in common whose requests are the same. */
const startShared: StartSession = (given, transport, handler) => {
  const settings = applyRules(given, rules) as unknown as SharedSettings & SharedEventSourceInit
  const { url, withCredentials, method, redirect, lastEventIdQueryParam, scope, headers, body, fetch } = settings
  const hasHeaders = typeof headers === 'function' || (!!headers && !headers.keys().next().done)
  if (scope === undefined && (hasHeaders || method !== 'GET' || body != null || fetch)) {
    throw new TypeError('headers, body, fetch and methods but GET need a scope: a string that differs by user')
  }
  const key = JSON.stringify([url, withCredentials, method, redirect, lastEventIdQueryParam, scope])
  const { locks } = globalThis.navigator ?? {}
  const { BroadcastChannel } = globalThis
  if (locks && BroadcastChannel) {
    const platform = { locks, BroadcastChannel, refused: sayAlone }
    return startSharedSession(`everysource 1 ${key}`, settings, transport, handler, platform)
  }
  sayAlone()
  return startSession(settings, transport, handler)
}

/**
 * An EventSource whose connection is shared by all tabs and workers of an origin that ask for the same. One of them leads:
 * it makes the requests, with its own options. When it closes, crashes or freezes, another goes on from the last event.
 *
 * Where the platform does not let tabs share, it is an EventSource of its own, and says so once on the console.
 */
export class SharedEventSource<Events = unknown> extends EventSource<Events> {
  /**
   * @param url resolved against the document's base URL, in workers against the worker's location
   * @throws DOMException "SyntaxError" if the URL cannot be parsed
   * @throws TypeError, RangeError if an option is not what it has to be, or `scope` is missing
   */
  constructor(url: string | URL, init: SharedEventSourceInit | null = {}) {
    // biome-ignore lint/complexity/noArguments: as in EventSource, whose own check sees two arguments.
    if (!arguments.length) throw new TypeError('SharedEventSource needs a URL')
    super(url, init)
  }
}

Object.defineProperty(SharedEventSource, sessionStarter, { value: startShared })
// Minifiers change the names of classes.
Object.defineProperty(SharedEventSource, 'name', { value: 'SharedEventSource' })
Object.defineProperty(SharedEventSource.prototype, Symbol.toStringTag, {
  value: 'SharedEventSource',
  configurable: true,
})
