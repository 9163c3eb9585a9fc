import type { IncomingHttpHeaders } from 'node:http'
import { decodeByteString, followRedirect, isRedirect, maxRedirects } from '../../transport/redirect.ts'
import { record } from './recorder.ts'
import type { RecordedRequest, Recording, RecordingOptions } from './recording.ts'

/** One redirect. */
export interface Redirect {
  readonly request: RecordedRequest
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** The URL that was requested next; undefined if Location is missing or unusable, or after too many redirects. */
  readonly to: URL | undefined
}

/** The redirects in response to a request, and the recording of the final response. */
export interface RedirectedRecording {
  readonly redirects: readonly Redirect[]
  /** The request that the recording is of: the last one. */
  readonly request: RecordedRequest
  readonly recording: Recording
}

/** Sends a request, follows redirects as clients do, and records the final response. */
export async function recordWithRedirects(
  firstRequest: RecordedRequest,
  options: RecordingOptions,
): Promise<RedirectedRecording> {
  const deadline = performance.now() + options.time
  const redirects: Redirect[] = []
  let request = firstRequest
  while (true) {
    const recording = await record(request, {
      ...options,
      time: Math.max(deadline - performance.now(), 0),
      isSatisfied: (head, arrival) => isRedirect(head.status) || options.isSatisfied?.(head, arrival) === true,
    })
    const { head } = recording
    if (!head || !isRedirect(head.status)) return { redirects, request, recording }
    const { status, headers } = head
    const next = redirects.length < maxRedirects ? redirectRequest(request, status, headers.location) : undefined
    redirects.push({ request, status, headers, to: next?.url })
    if (!next) return { redirects, request, recording }
    request = next
  }
}

/** Returns the request that follows a redirect, or undefined if the redirect cannot be followed. */
function redirectRequest(request: RecordedRequest, status: number, location = ''): RecordedRequest | undefined {
  const { url, headers } = request
  const next = { ...request, headers: new Headers(headers) }
  if (!location || !followRedirect(next, status, decodeByteString(location))) return undefined
  // The redirect drops these headers on the way to another origin, but a browser sets them again.
  next.headers.set('accept-encoding', headers.get('accept-encoding') ?? 'identity')
  const origin = headers.get('origin')
  // "Serializing a request origin": after a redirect from one foreign origin to another, the origin is opaque.
  if (origin !== null) {
    next.headers.set('origin', url.origin !== origin && next.url.origin !== url.origin ? 'null' : origin)
  }
  return next
}
