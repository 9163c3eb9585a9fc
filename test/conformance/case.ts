import type { ErrorEvent, EventSource } from '../../src/index.ts'

/** Where a case runs. `node26` and the like name the major version of the Node that runs it, over fetch or undici. */
export type RuntimeName =
  | `node${number}`
  | `node${number} over undici`
  | 'deno'
  | 'bun'
  | 'workerd'
  | 'chromium'
  | 'firefox'
  | 'webkit'
  | 'happy-dom'

/** The kind of global object a case runs under. */
export type Scope = 'page' | 'dedicated-worker' | 'shared-worker' | 'service-worker' | 'server'

export interface ConformanceContext {
  /** The constructor under test. */
  EventSource: typeof EventSource
  ErrorEvent: typeof ErrorEvent
  /** The origin of the feed server, such as http://127.0.0.1:40001; in a page it is the page's own origin. */
  feed: string
  /** The same feed server under another origin. */
  otherOrigin: string
  runtime: RuntimeName
  scope: Scope
}

export interface ConformanceCase {
  /** A sentence in the standard's terms saying what must hold; unique. */
  name: string
  /** The section of the HTML standard, or 'everysource' for what this library adds to it. */
  source: string
  /**
   * The reason why the platform makes this impossible, where it does. The case is then not run, and the report names it
   * as a known limit of that runtime.
   */
  limits?: (context: ConformanceContext) => string | undefined
  /** Throws when it does not hold. Closes what it opened, also when it fails. */
  run: (context: ConformanceContext) => Promise<void>
  /** Milliseconds after which the case has failed; two minutes unless it says otherwise. */
  timeout?: number
}

/**
 * Any uncaught exception or unhandled rejection fails the run. A case about exceptions that leave a listener throws an
 * error whose message holds this text, which tells it apart.
 */
export const thrownOnPurpose = 'thrown on purpose by a conformance case'
