import type { IncomingHttpHeaders } from 'node:http'
import { type Examination, type preflighted, readHeader, readList } from '../examination.ts'
import { describeFailure } from '../failure.ts'
import { fail, ok, skip, type Verdict, warn } from '../verdict.ts'
import { excerpt, time } from '../wording.ts'

const notAsked = 'give the origin of a page: --origin https://…'

export function checkCors({ main, url, page }: Examination): Verdict {
  if (!page) return skip(notAsked)
  const { origin } = page
  if (origin === url.origin && main.redirects.every(({ to }) => to?.origin === origin)) return ok('of the same origin')
  if (isMixedContent(origin, url)) {
    return fail('browsers block http: on pages of https:', 'serve the stream over TLS, too')
  }
  const { head } = main.recording
  if (head?.status !== 200) return skip(head ? 'no stream' : 'no response')
  for (const { request, headers } of [...main.redirects, { request: main.request, headers: head.headers }]) {
    if (request.url.origin === origin) continue
    const problem = findOriginProblem(headers, request.headers.get('origin') ?? origin)
    if (problem) return problem
  }
  const allowed = readHeader(head.headers, 'access-control-allow-origin')
  const allowsCredentials = allowed !== '*' && readHeader(head.headers, 'access-control-allow-credentials') === 'true'
  const seen = `Access-Control-Allow-Origin: ${allowed}, ${allowsCredentials ? 'withCredentials too' : 'but not withCredentials'}`
  const varies = readList(head.headers, 'vary').some((name) => name === 'origin' || name === '*')
  if (allowed === '*' || varies || readList(head.headers, 'cache-control').includes('no-store')) return ok(seen)
  return warn(`${seen}; no Vary: Origin`, 'send Vary: Origin, or a cache may hand the answer to pages of other origins')
}

function isMixedContent(origin: string, url: URL): boolean {
  return (
    /^https:/.test(origin) &&
    url.protocol === 'http:' &&
    !/^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname)
  )
}

/** "CORS check" of the Fetch standard, for a request without credentials. */
function findOriginProblem(headers: IncomingHttpHeaders, origin: string): Verdict | undefined {
  const allowed = readHeader(headers, 'access-control-allow-origin')
  if (allowed === '*' || allowed === origin) return undefined
  const mend = `send Access-Control-Allow-Origin: ${origin}, or * if anybody may read the stream without credentials`
  if (allowed === undefined) return fail('no Access-Control-Allow-Origin', mend)
  if (allowed.includes(','))
    return fail(
      `Access-Control-Allow-Origin: ${excerpt(allowed, 80)}`,
      `${mend}; one value only: server and proxy may both add it`,
    )
  return fail(`Access-Control-Allow-Origin: ${excerpt(allowed, 80)}`, mend)
}

export function checkLastEventIdPreflight(examination: Examination): Verdict {
  const param = examination.lastEventIdQueryParam
  if (param !== undefined) return skip(`none: the ID is sent in the query parameter ${param}`)
  return checkPreflight(
    examination,
    'Last-Event-ID',
    fail,
    "; the browser's own EventSource sends none, but clients over fetch do, to resume",
  )
}

export function checkAuthorizationPreflight(examination: Examination): Verdict {
  const isUsed = examination.main.redirects.length === 0 && examination.main.request.headers.has('authorization')
  return checkPreflight(examination, 'Authorization', isUsed ? fail : warn, isUsed ? '' : ', if pages are to send it')
}

function checkPreflight(
  { main, page, method }: Examination,
  name: (typeof preflighted)[number],
  refuse: typeof fail,
  remark: string,
): Verdict {
  if (!page) return skip(notAsked)
  const preflight = page.preflights.get(name)
  if (!preflight) return skip('none: of the same origin')
  if (!main.recording.head) return skip('no response')
  const { head, end } = preflight
  const mend = `answer OPTIONS with 204, Access-Control-Allow-Origin: ${page.origin} and Access-Control-Allow-Headers: ${name}${remark}`
  if (!head) {
    return refuse(end.kind === 'failed' ? `OPTIONS: ${describeFailure(end.error).seen}` : 'no answer to OPTIONS', mend)
  }
  const { status, headers } = head
  if (status < 200 || status > 299) return refuse(`OPTIONS is answered by ${status}`, mend)
  const originProblem = findOriginProblem(headers, page.origin)
  if (originProblem) return refuse(`OPTIONS: ${originProblem.seen}`, mend)
  const allowed = readList(headers, 'access-control-allow-headers')
  // The wildcard does not stand for this one.
  const isAllowed = allowed.includes(name.toLowerCase()) || (allowed.includes('*') && name !== 'Authorization')
  if (!isAllowed) return refuse(`OPTIONS: Access-Control-Allow-Headers: ${allowed.join(', ') || 'none'}`, mend)
  const methods = readList(headers, 'access-control-allow-methods')
  const isMethodAllowed =
    /^(get|head|post)$/i.test(method) || methods.includes(method.toLowerCase()) || methods.includes('*')
  if (!isMethodAllowed)
    return refuse(`OPTIONS does not allow ${method}`, `${mend}, and Access-Control-Allow-Methods: ${method}`)
  const seconds = Number(readHeader(headers, 'access-control-max-age') ?? 5)
  return ok(`allowed, for ${seconds > 0 ? time(seconds * 1_000) : 'one request'}`)
}

export function checkConnectionLimit({ main }: Examination): Verdict {
  const { httpVersion, head } = main.recording
  if (!head || !httpVersion) return skip('no response')
  if (httpVersion === '2') return ok('HTTP/2: one connection for all streams of a browser')
  return warn(
    'HTTP/1.1: a browser opens 6 connections to a host, of all its tabs together, and a seventh stream waits',
    'serve it over HTTP/2, which takes TLS, or share one stream among tabs (a SharedWorker)',
  )
}
