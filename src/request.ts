import { createHeaders } from '#platform'
import { describeError } from './error-message.ts'
import type { AttemptContext, RequestOverrides } from './options/event-source-init.ts'
import { copyHeaders } from './options/headers.ts'
import { checkBody, isMethod } from './options/method-and-body.ts'
import type { Settings } from './options/settings.ts'
import { isFunction, throwInvalid } from './options/validation.ts'
import type { RequestHeaders } from './platform/platform.ts'
import type { Signal, TransportRequest } from './transport/transport.ts'

/** What an attempt sends: the transport's request, and the attempt's number. */
export type AttemptRequest = TransportRequest & Pick<AttemptContext, 'attempt'>

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
function applyUrlCredentials(url: URL, headers: RequestHeaders): void {
  const { username, password } = url
  if (!username && !password) return
  if (!headers.has('Authorization')) {
    headers.set('Authorization', `Basic ${btoa(percentDecode(`${username}:${password}`))}`)
  }
  url.username = url.password = ''
}

/** Replaces a query parameter, and leaves the rest of the query unchanged, because it may be signed. */
function setQueryParameter(url: URL, name: string, value: string): void {
  const pairs = url.search ? url.search.slice(1).split('&') : []
  // Without the ampersand, a question mark that belongs to the name would be skipped.
  const others = pairs.filter((pair) => !new URLSearchParams(`&${pair}`).has(name))
  url.search = `?${[...others, new URLSearchParams([[name, value]])].join('&')}`
}

/** Calls a function of the caller, and checks its result. If either throws, the function's name is added to the message. */
async function callCaller<Result, Checked>(
  name: string,
  call: (context: AttemptContext) => Result | PromiseLike<Result>,
  context: AttemptContext,
  check: (result: Result) => Checked,
): Promise<Checked> {
  try {
    return check(await call(context))
  } catch (error) {
    throw new Error(`${name}: ${describeError(error)}`, { cause: error })
  }
}

/** The options that a function given as `request` may replace. */
type Replaceable = Pick<Settings, 'url' | 'method' | 'headers' | 'body'>

/** @throws TypeError for a value that cannot be sent */
function applyOverrides(settings: Replaceable, overrides: RequestOverrides): Replaceable {
  const method = overrides.method?.toUpperCase() ?? settings.method
  if (!isMethod(method)) throwInvalid('method', method, 'a method fetch sends')
  const keepsBody = overrides.body === undefined && !/^(GET|HEAD)$/.test(method)
  const body = keepsBody ? settings.body : overrides.body
  return {
    url: new URL(overrides.url ?? settings.url, settings.url).href,
    method,
    headers: overrides.headers ? copyHeaders(overrides.headers) : settings.headers,
    body: checkBody(body, method),
  }
}

/**
 * Builds the request of one attempt: calls the functions given as `request`, `headers` and `body`, and adds what the
 * standard sends.
 * {@link https://html.spec.whatwg.org/multipage/server-sent-events.html#dom-eventsource}
 * @throws Error that names the function that failed, and whose cause is what that function threw
 */
export async function buildRequest(
  settings: Settings,
  context: AttemptContext,
  signal: Signal,
): Promise<AttemptRequest> {
  const { request: getOverrides, withCredentials, redirect, lastEventIdQueryParam } = settings
  const { attempt, lastEventId } = context
  // Only functions are awaited: a suspended call keeps everything that it refers to in memory.
  const parts = getOverrides
    ? await callCaller('request', getOverrides, context, (overrides) => applyOverrides(settings, overrides ?? {}))
    : settings
  const { method, headers: givenHeaders, body: givenBody } = parts
  const headers = isFunction(givenHeaders)
    ? await callCaller('headers', givenHeaders, context, copyHeaders)
    : createHeaders(givenHeaders)
  const body = isFunction(givenBody)
    ? await callCaller('body', givenBody, context, (body) => checkBody(body, method))
    : givenBody
  const url = new URL(parts.url)
  applyUrlCredentials(url, headers)
  // Constructor, step 10: "User agents may set (`Accept`, `text/event-stream`) in request's header list."
  if (!headers.has('Accept')) headers.set('Accept', 'text/event-stream')
  // Reestablish the connection, step 5.3: "If the EventSource object's last event ID string is not the empty string,
  // then: Let lastEventIDValue be the EventSource object's last event ID string, encoded as UTF-8. Set (`Last-Event-ID`,
  // lastEventIDValue) in request's header list."
  if (lastEventId) {
    // Deviation: the ID is a query parameter if the caller asks for that, because the header costs a CORS preflight.
    if (lastEventIdQueryParam) setQueryParameter(url, lastEventIdQueryParam, lastEventId)
    else headers.set('Last-Event-ID', toByteString(lastEventId))
  }
  // The members are listed because V8 would create a hash table of 4 KB for `...settings`, which has more members.
  return { attempt, method, withCredentials, redirect, url: url.href, headers, body, signal }
}
