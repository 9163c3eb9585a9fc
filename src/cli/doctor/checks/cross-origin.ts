import type { IncomingHttpHeaders } from 'node:http'
import { formatDuration, quoteExcerpt } from '../../format.ts'
import { type CheckResult, fail, ok, skip, warn } from '../check-result.ts'
import type { Examination, preflightedHeaders } from '../examination.ts'
import { describeFailure } from '../request-failure.ts'
import { headerList, headerValue } from '../response-headers.ts'

const originMissing = 'only with the origin of a page: --origin https://…'

export function checkCors({ main, url, crossOrigin }: Examination): CheckResult {
  if (!crossOrigin) return skip(originMissing)
  const { origin } = crossOrigin
  if (origin === url.origin && main.redirects.every(({ to }) => to?.origin === origin)) return ok('same origin')
  if (isMixedContent(origin, url)) {
    return fail('browsers block http: requests of https: pages', 'serve the stream over TLS, too')
  }
  const { head } = main.recording
  if (head?.status !== 200) return skip(head ? 'the response is not a stream' : 'no response')
  for (const { request, headers } of [...main.redirects, { request: main.request, headers: head.headers }]) {
    if (request.url.origin === origin) continue
    const problem = findOriginProblem(headers, request.headers.get('origin') ?? origin)
    if (problem) return problem
  }
  const allowed = headerValue(head.headers, 'access-control-allow-origin')
  const allowsCredentials = allowed !== '*' && headerValue(head.headers, 'access-control-allow-credentials') === 'true'
  const credentials = allowsCredentials ? 'including withCredentials' : 'without withCredentials'
  const message = `Access-Control-Allow-Origin: ${allowed}, ${credentials}`
  const varies = headerList(head.headers, 'vary').some((name) => name === 'origin' || name === '*')
  if (allowed === '*' || varies || headerList(head.headers, 'cache-control').includes('no-store')) return ok(message)
  return warn(
    `${message}; no Vary: Origin`,
    'send Vary: Origin; without it, a cache may reuse the response for pages of other origins',
  )
}

function isMixedContent(origin: string, url: URL): boolean {
  return /^https:/.test(origin) && url.protocol === 'http:' && !isLoopback(url)
}

function isLoopback({ hostname }: URL): boolean {
  return /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)
}

/** "CORS check" of the Fetch standard, for a request without credentials. */
function findOriginProblem(headers: IncomingHttpHeaders, origin: string): CheckResult | undefined {
  const allowed = headerValue(headers, 'access-control-allow-origin')
  if (allowed === '*' || allowed === origin) return undefined
  const fix = `send Access-Control-Allow-Origin: ${origin}, or * if any page may read the stream without credentials`
  if (allowed === undefined) return fail('no Access-Control-Allow-Origin', fix)
  const message = `Access-Control-Allow-Origin: ${quoteExcerpt(allowed, 80)}`
  return fail(message, allowed.includes(',') ? `${fix}; only one value: server and proxy may both add the header` : fix)
}

export function checkLastEventIdPreflight(examination: Examination): CheckResult {
  const param = examination.lastEventIdQueryParam
  if (param !== undefined) return skip(`not needed: the query parameter ${param} carries the ID`)
  return checkPreflight(
    examination,
    'Last-Event-ID',
    fail,
    '; a native EventSource needs no preflight, but clients that use fetch need it to resume',
  )
}

export function checkAuthorizationPreflight(examination: Examination): CheckResult {
  const isUsed = examination.main.redirects.length === 0 && examination.main.request.headers.has('authorization')
  return checkPreflight(
    examination,
    'Authorization',
    isUsed ? fail : warn,
    isUsed ? '' : ', if pages need to send this header',
  )
}

function checkPreflight(
  { main, crossOrigin, method }: Examination,
  name: (typeof preflightedHeaders)[number],
  refuse: typeof fail,
  remark: string,
): CheckResult {
  if (!crossOrigin) return skip(originMissing)
  const preflight = crossOrigin.preflights.get(name)
  if (!preflight) return skip('not needed: same origin')
  if (!main.recording.head) return skip('no response')
  const { head, end } = preflight
  const fix = `answer OPTIONS with 204, Access-Control-Allow-Origin: ${crossOrigin.origin} and Access-Control-Allow-Headers: ${name}${remark}`
  if (!head) {
    return refuse(
      end.kind === 'failed' ? `OPTIONS: ${describeFailure(end.error).message}` : 'no response to OPTIONS',
      fix,
    )
  }
  const { status, headers } = head
  if (status < 200 || status > 299) return refuse(`the response to OPTIONS has status ${status}`, fix)
  const originProblem = findOriginProblem(headers, crossOrigin.origin)
  if (originProblem) return refuse(`OPTIONS: ${originProblem.message}`, fix)
  const allowed = headerList(headers, 'access-control-allow-headers')
  // The wildcard does not cover Authorization.
  const isAllowed = allowed.includes(name.toLowerCase()) || (allowed.includes('*') && name !== 'Authorization')
  if (!isAllowed) return refuse(`OPTIONS: Access-Control-Allow-Headers: ${allowed.join(', ') || 'none'}`, fix)
  const methods = headerList(headers, 'access-control-allow-methods')
  const isMethodAllowed =
    /^(get|head|post)$/i.test(method) || methods.includes(method.toLowerCase()) || methods.includes('*')
  if (!isMethodAllowed) {
    return refuse(`OPTIONS does not allow ${method}`, `${fix}, and Access-Control-Allow-Methods: ${method}`)
  }
  const seconds = Number(headerValue(headers, 'access-control-max-age') ?? 5)
  return ok(`allowed, cached for ${seconds > 0 ? formatDuration(seconds * 1_000) : 'no time'}`)
}

export function checkConnectionLimit({ main, method, url }: Examination): CheckResult {
  const { httpVersion, head } = main.recording
  if (!head || !httpVersion) return skip('no response')
  if (httpVersion === '2') return ok('HTTP/2: a browser uses one connection for all streams')
  // Few tabs hold the response to a POST open, and a development server has few tabs.
  if (method !== 'GET') return skip(`only for GET, not for ${method}`)
  if (isLoopback(url)) return skip('not for a server on this machine')
  return warn(
    'HTTP/1.1: a browser opens up to 6 connections to a host, for all tabs together; a seventh stream has to wait',
    'serve the stream over HTTP/2, which needs TLS, or share one stream among tabs (everysource/shared)',
  )
}
