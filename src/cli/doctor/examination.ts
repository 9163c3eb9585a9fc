import type { IncomingHttpHeaders } from 'node:http'
import type { Observation } from './observation.ts'
import type { Recording } from './recording.ts'

/** The headers that a page cannot send to another origin unless a preflight allows them. */
export const preflighted = ['Last-Event-ID', 'Authorization'] as const

/** What a page at an origin would meet. */
export interface PageExamination {
  readonly origin: string
  /** The answers to OPTIONS, one for each header; none if the page is of the server's own origin. */
  readonly preflights: ReadonlyMap<(typeof preflighted)[number], Recording>
}

/** A second request, with the ID of an event of the first. */
export interface Resumption {
  readonly lastEventId: string
  /** The ids that followed it in the first one; at least one. */
  readonly expected: readonly string[]
  readonly observation: Observation
}

/** All that was asked of an endpoint, and all that came back: what the checks judge. */
export interface Examination {
  readonly url: URL
  readonly method: string
  /** Milliseconds for which each response was observed, at the longest. */
  readonly time: number
  readonly main: Observation
  /** The same without compression, where the first one was compressed, or brought nothing. */
  readonly uncompressed: Observation | undefined
  readonly resumption: Resumption | undefined
  /** Undefined if nobody asked for it. */
  readonly page: PageExamination | undefined
  /** The query parameter in which the last event ID is sent, if it is. */
  readonly lastEventIdQueryParam: string | undefined
  /** Milliseconds after which clients give up, if they do: without a response, or in silence. */
  readonly openTimeout: number | undefined
  readonly idleTimeout: number | undefined
}

/** All values of a header, as a client reads them. */
export function readHeader(headers: IncomingHttpHeaders | undefined, name: string): string | undefined {
  const value = headers?.[name]
  return Array.isArray(value) ? value.join(', ') : value
}

/** The members of a header that holds a list, in lower case. */
export function readList(headers: IncomingHttpHeaders | undefined, name: string): string[] {
  const value = readHeader(headers, name) ?? ''
  return value
    .toLowerCase()
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean)
}
