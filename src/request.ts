import type { AttemptContext, EventSourceInit } from './options/event-source-init.ts'
import { copyHeaders } from './options/headers.ts'
import type { Settings } from './options/settings.ts'
import type { Signal, TransportRequest } from './transport/transport.ts'

/** What an attempt sends: the transport's request, and the context that the callbacks were given. */
export type AttemptRequest = TransportRequest & AttemptContext

/** The UTF-8 bytes of a text, each as one character: the values of Headers are byte strings. */
function toByteString(text: string): string {
  return Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join('')
}

function percentDecode(text: string): string {
  return text.replace(/%([\da-f]{2})/gi, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)))
}

/**
 * Moves the credentials of a URL into an Authorization header, unless there is one: only some runtimes' `fetch` takes a
 * URL with credentials.
 */
function applyUrlCredentials(url: URL, headers: Headers): void {
  const { username, password } = url
  if (!username && !password) return
  url.username = ''
  url.password = ''
  if (headers.has('Authorization')) return
  headers.set('Authorization', `Basic ${btoa(percentDecode(`${username}:${password}`))}`)
}

/** Replaces a query parameter. */
function setQueryParameter(url: URL, name: string, value: string): void {
  if (url.searchParams.has(name)) url.searchParams.delete(name)
  // Not with `searchParams.set`, which would serialize the whole query again, with another percent-encoding.
  url.search += `${url.search && '&'}${new URLSearchParams([[name, value]])}`
}

/**
 * Builds the request of one attempt: calls the functions given as `headers` and `body`, and adds what the standard
 * sends. Rejects with what one of these functions throws.
 * {@link https://html.spec.whatwg.org/multipage/server-sent-events.html#dom-eventsource}
 */
export async function buildRequest(
  settings: Settings,
  context: AttemptContext,
  signal: Signal,
): Promise<AttemptRequest> {
  const { method, withCredentials, redirect, lastEventIdQueryParam } = settings
  const { lastEventId } = context
  // Values that are no functions are not awaited: a suspended call would keep what it holds in memory.
  let { headers: givenHeaders, body }: Pick<EventSourceInit, 'headers' | 'body'> = settings
  if (typeof givenHeaders === 'function') givenHeaders = await givenHeaders(context)
  const headers = copyHeaders(givenHeaders)
  if (typeof body === 'function') body = await body(context)
  const url = new URL(settings.url)
  applyUrlCredentials(url, headers)
  // Constructor, step 10: "User agents may set (`Accept`, `text/event-stream`) in request's header list."
  if (!headers.has('Accept')) headers.set('Accept', 'text/event-stream')
  // Reestablish the connection, step 5.3: "If the EventSource object's last event ID string is not the empty string,
  // then: Let lastEventIDValue be the EventSource object's last event ID string, encoded as UTF-8. Set (`Last-Event-ID`,
  // lastEventIDValue) in request's header list."
  if (lastEventId) {
    // Deviation: as a query parameter where that was asked for, since the header costs a CORS preflight.
    if (lastEventIdQueryParam) setQueryParameter(url, lastEventIdQueryParam, lastEventId)
    else headers.set('Last-Event-ID', toByteString(lastEventId))
  }
  // Member by member, not `...settings`: V8 makes a hash table for that many members, which takes 4 KB.
  return { ...context, method, withCredentials, redirect, url: url.href, headers, body, signal }
}
