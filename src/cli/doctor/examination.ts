import type { Observation } from './observation.ts'
import type { Recording } from './recording.ts'
import type { ProbedCertificate } from './tls-probe.ts'

/** The headers that a page may send to another origin only if a preflight allows them. */
export const preflightedHeaders = ['Last-Event-ID', 'Authorization'] as const

/** The preflights for a page of some origin. */
export interface CrossOriginExamination {
  readonly origin: string
  /** The responses to OPTIONS, one for each header; none if the page has the same origin as the endpoint. */
  readonly preflights: ReadonlyMap<(typeof preflightedHeaders)[number], Recording>
}

/** A second request, with the ID of an event that came in response to the first. */
export interface Resumption {
  readonly lastEventId: string
  /** The ids that followed it in the first response; at least one. */
  readonly expected: readonly string[]
  readonly observation: Observation
}

/** All requests to an endpoint and all responses: the input of the checks. */
export interface Examination {
  readonly url: URL
  readonly method: string
  /** The maximum time in ms for which each response was observed. */
  readonly time: number
  readonly main: Observation
  /** The certificate of the server, if the request failed and the port uses TLS. */
  readonly certificate: ProbedCertificate | undefined
  /** A request without compression; undefined unless the first response was compressed, or brought no event. */
  readonly uncompressed: Observation | undefined
  readonly resumption: Resumption | undefined
  /** Undefined without --origin. */
  readonly crossOrigin: CrossOriginExamination | undefined
  /** The query parameter that carries the last event ID; undefined if a header does. */
  readonly lastEventIdQueryParam: string | undefined
  /** The time in ms after which clients give up without response headers; undefined if they do not. */
  readonly openTimeout: number | undefined
  /** The time in ms after which clients give up without further bytes; undefined if they do not. */
  readonly idleTimeout: number | undefined
}
