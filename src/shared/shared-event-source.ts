import { defineProperty } from '../define-property.ts'
import { EventSource, type SourceKind, sourceKind } from '../event-source.ts'
import type { EventSourceInit } from '../options/event-source-init.ts'
import { type StartSession, startSession } from '../session.ts'
import { warnOnce } from '../warn-once.ts'
import { optionRules } from './option-rules.ts'
import { SharedSession, type SharedSettings } from './session.ts'

/** The options of {@link SharedEventSource}. All are optional. */
export interface SharedEventSourceInit extends EventSourceInit {
  /**
   * The group of tabs that share a connection: only tabs with the same string do. Required with `headers`, `body`,
   * `request`, `fetch` and methods other than GET, which may make one user's stream different from another's.
   * @default undefined
   */
  scope?: string | undefined
  /**
   * The number of past events that a tab receives when it joins the others, if they have kept that many.
   * @default 0
   */
  replay?: number | undefined
}

function warnThatTabsCannotShare(): void {
  warnOnce(
    'SharedEventSource: tabs cannot share without Web Locks and BroadcastChannel (HTTPS or localhost, no sandbox)',
  )
}

function warnOfOtherVersion(): void {
  warnOnce('SharedEventSource: tabs cannot share with another version of everysource')
}

/** The shared sessions of this page. */
const sessions = new Set<SharedSession>()

/** Starts the session that this tab shares with all tabs whose requests are the same. */
const startShared: StartSession = (given, transport, handler) => {
  const settings = given as SharedSettings & SharedEventSourceInit
  const { url, withCredentials, method, redirect, lastEventIdQueryParam, scope, headers, body, request, fetch } =
    settings
  const hasHeaders = typeof headers === 'function' || (headers && [...headers][0])
  if (scope === undefined && (hasHeaders || method !== 'GET' || body != null || request || fetch)) {
    throw new TypeError(
      'headers, body, request, fetch and methods other than GET need a scope: a string that differs by user',
    )
  }
  const key = JSON.stringify([url, withCredentials, method, redirect, lastEventIdQueryParam, scope])
  const { locks } = globalThis.navigator ?? {}
  const { BroadcastChannel } = globalThis
  if (locks && BroadcastChannel) {
    const platform = {
      locks,
      BroadcastChannel,
      sessions,
      refused: warnThatTabsCannotShare,
      metOtherVersion: warnOfOtherVersion,
    }
    return new SharedSession(`everysource ${key}`, settings, transport, handler, platform)
  }
  warnThatTabsCannotShare()
  return startSession(settings, transport, handler)
}

/**
 * An EventSource whose connection is shared by all tabs and workers of an origin that make the same request. One of them
 * is the leader: it makes the requests, with its own options. When the leader closes, crashes or freezes, another one takes
 * over, and resumes after the last event.
 *
 * Where the platform does not let tabs share, each source has its own connection, and one warning on the console says so.
 */
export class SharedEventSource<Events = unknown> extends EventSource<Events> {
  /**
   * @param url resolved against the document's base URL, in workers against the worker's location
   * @throws DOMException "SyntaxError" if the URL cannot be parsed
   * @throws TypeError, RangeError if an option is invalid, or `scope` is missing
   */
  constructor(url: string | URL, init: SharedEventSourceInit | null = {}) {
    // biome-ignore lint/complexity/noArguments: as in EventSource, whose own check always sees two arguments.
    if (!arguments.length) throw new TypeError('SharedEventSource needs a URL')
    super(url, init)
  }
}

const kind: SourceKind = { startSession: startShared, optionRules }
// Not declared in the class: the declarations of a caller's subclass would have to name the symbol.
defineProperty(SharedEventSource.prototype, sourceKind, { value: kind })
// Minifiers change the names of classes.
defineProperty(SharedEventSource, 'name', { value: 'SharedEventSource' })
defineProperty(SharedEventSource.prototype, Symbol.toStringTag, {
  value: 'SharedEventSource',
  configurable: true,
})
