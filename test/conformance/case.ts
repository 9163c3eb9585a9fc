import type { ErrorEvent, EventSource } from '../../src/index.ts'

/** The runtime of a case. `node26` and the like name the major version of Node, over fetch or undici. */
export type RuntimeName =
  | `node${number}`
  | `node${number} over HTTP/1.1`
  | `node${number} over HTTP/2`
  | 'deno'
  | 'bun'
  | 'workerd'
  | 'chromium'
  | 'firefox'
  | 'webkit'
  | 'happy-dom'
  | `${'chromium' | 'firefox'} over XMLHttpRequest`
  | `react-native${number}-${'android' | 'ios'}`

/** The kind of global object that a case runs under. */
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
  /** The name of the case, a unique, complete sentence in the standard's terms that says what must hold. */
  name: string
  /** The section of the HTML standard, or 'everysource' for what this library adds to it. */
  source: string
  /**
   * The reason why the platform makes this impossible, if it does. The case is then skipped, and the report lists it as
   * a known limit of that runtime.
   */
  limits?: (context: ConformanceContext) => string | undefined
  /** Runs the case and throws if it fails. Closes everything that it opened, also when it fails. */
  run: (context: ConformanceContext) => Promise<void>
  /** The milliseconds after which the case fails (default: two minutes). */
  timeout?: number
}

/**
 * The text in the message of an error that a case throws on purpose. Any other uncaught exception or unhandled
 * rejection fails the run.
 */
export const thrownOnPurpose = 'thrown on purpose by a conformance case'
