import type { IncomingHttpHeaders } from 'node:http'
import { decodeByteString, followRedirect, isRedirect, maxRedirects } from '../../transport/redirect.ts'
import { type RecordedRequest, type Recording, type RecordingOptions, record } from './recording.ts'

/** A redirect that was followed, or that could not be. */
export interface Redirect {
  readonly request: RecordedRequest
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** Undefined if its Location is missing or leads nowhere, or if it is one redirect too many. */
  readonly to: URL | undefined
}

export interface Exchange {
  readonly redirects: readonly Redirect[]
  /** The request that was recorded: after redirects. */
  readonly request: RecordedRequest
  readonly recording: Recording
}

/** Makes a request, follows redirects as clients do, and records the last response. */
export async function exchange(given: RecordedRequest, options: RecordingOptions): Promise<Exchange> {
  const due = performance.now() + options.time
  const redirects: Redirect[] = []
  let request = given
  while (true) {
    const recording = await record(request, {
      ...options,
      time: Math.max(due - performance.now(), 0),
      isSatisfied: (head, arrival) => isRedirect(head.status) || options.isSatisfied?.(head, arrival) === true,
    })
    const { head } = recording
    if (!head || !isRedirect(head.status)) return { redirects, request, recording }
    const { status, headers } = head
    const next = redirects.length < maxRedirects ? redirected(request, status, headers.location) : undefined
    redirects.push({ request, status, headers, to: next?.url })
    if (!next) return { redirects, request, recording }
    request = next
  }
}

function redirected(request: RecordedRequest, status: number, location = ''): RecordedRequest | undefined {
  const { url, headers } = request
  const next = { ...request, headers: new Headers(headers) }
  if (!location || !followRedirect(next, status, decodeByteString(location))) return undefined
  // These hold no secret, and what the browser sets itself stays.
  const origin = headers.get('origin')
  const kept = new Headers({ 'accept-encoding': headers.get('accept-encoding') ?? 'identity' })
  // "Serializing a request origin": one that has gone from another origin to yet another no longer tells its own.
  if (origin !== null) kept.set('origin', url.origin !== origin && next.url.origin !== url.origin ? 'null' : origin)
  for (const [name, value] of kept) next.headers.set(name, value)
  return next
}
