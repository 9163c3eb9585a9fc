import { STATUS_CODES } from 'node:http'
import { isEventStream } from '../../../content-type.ts'
import { maxRedirects } from '../../../transport/redirect.ts'
import { redactUrl } from '../../endpoint/redact.ts'
import { formatCount, formatDuration, quoteExcerpt } from '../../format.ts'
import { type CheckResult, fail, ok, skip, warn } from '../check-result.ts'
import type { Examination } from '../examination.ts'
import { describeFailure } from '../request-failure.ts'
import { headerValue } from '../response-headers.ts'

const flushFix =
  'send the response headers at once, before the first event (Node: response.flushHeaders()); if the server does, a proxy holds them back (nginx: proxy_buffering off;)'

export function checkStatus({ main, time, openTimeout }: Examination): CheckResult {
  const { head, sent, end } = main.recording
  if (!head) {
    if (end.kind === 'failed') return describeFailure(end.error)
    if (sent) return fail(`connected, but no response in ${formatDuration(time)}`, flushFix)
    return fail(
      `no connection in ${formatDuration(time)}`,
      'check that the server accepts connections, and uses TLS if the URL begins with https:',
    )
  }
  const { status } = head
  const text = `${status} ${STATUS_CODES[status] ?? ''}`.trim()
  const message = `${text}, after ${formatDuration(head.at)}`
  if (openTimeout && head.at > openTimeout) return fail(`${message}, longer than --open-timeout`, flushFix)
  if (status === 200) return ok(message)
  const [first] = main.body
  return fail(first ? `${text}: ${quoteExcerpt(first.bytes.toString())}` : text, statusFix(status))
}

function statusFix(status: number): string {
  const rule = 'clients stop after any status other than 200'
  if (status === 204) return 'answer 200: with 204, a server stops clients permanently'
  if (status === 401 || status === 403) return "pass the credentials: -H 'Authorization: …' or --bearer-command"
  if (status === 404 || status === 410) return 'correct the path: this one does not exist'
  if (status === 405) return 'use a method that the server allows: -X'
  if (status === 406) return 'accept requests with Accept: text/event-stream'
  if (status >= 300 && status < 400) return 'see redirects'
  if (status === 429 || status === 503) return `answer 200; ${rule}, unless configured to retry (retry.statuses)`
  return status >= 500 ? `look for the reason in the log of the server; ${rule}` : `answer 200; ${rule}`
}

export function checkRedirects({ main, url }: Examination): CheckResult {
  const { redirects, recording, request } = main
  if (!recording.head && redirects.length === 0) return skip('no response')
  const last = redirects.at(-1)
  if (!last) return ok('none')
  if (!last.to) {
    if (redirects.length > maxRedirects) {
      return fail(`more than ${maxRedirects}`, 'redirect to the stream directly: this may be a loop')
    }
    const location = headerValue(last.headers, 'location')
    const message = location === undefined ? 'without Location' : `to ${quoteExcerpt(location, 80)}`
    return fail(`${last.status} ${message}`, 'send a Location with an http: or https: URL')
  }
  const target = redactUrl(request.url.href)
  const message = `${redirects.map(({ status }) => status).join(', ')} to ${target}`
  const isDowngraded = url.protocol === 'https:' && redirects.some(({ to }) => to?.protocol === 'http:')
  if (isDowngraded)
    return fail(message, 'redirect only to https: URLs: browsers block http: URLs, which anyone can read')
  const remark = request.url.origin === url.origin ? '' : '; credentials are not sent to another origin'
  return warn(message, `use ${target}: every reconnection is redirected again${remark}`)
}

export function checkConnection({ main, method, time }: Examination): CheckResult {
  const { head, end, duration } = main.recording
  if (head?.status !== 200) return skip('the response is not a stream')
  switch (end.kind) {
    case 'time':
      return ok(`still open after ${formatDuration(time)}`)
    case 'full':
    case 'satisfied': {
      const size = formatCount(main.stream.size, 'byte')
      return ok(`${size} in ${formatDuration(duration)}; no more were examined`)
    }
    case 'failed': {
      const { message, fix = '' } = describeFailure(end.error)
      return fail(`lost after ${formatDuration(duration)}: ${message}`, fix)
    }
    case 'ended':
      if (method !== 'GET') return ok(`ended after ${formatDuration(duration)}`)
      return warn(
        `the server ended the response after ${formatDuration(duration)}`,
        'keep the response open: clients reconnect when it ends, forever; to end the stream, answer the next request with 204',
      )
  }
}

export function checkContentType({ main }: Examination): CheckResult {
  const { head } = main.recording
  if (!head) return skip('no response')
  const type = headerValue(head.headers, 'content-type')
  if (isEventStream(type ?? null)) return ok(type ?? '')
  if (head.status !== 200) return skip('the response is not a stream')
  const fix = 'send Content-Type: text/event-stream; clients refuse any other type'
  const remark = type?.includes('html') ? '; an HTML page may be a login page or an error page' : ''
  return fail(type === undefined ? 'no Content-Type header' : `${quoteExcerpt(type, 80)}${remark}`, fix)
}

export function checkCharset({ main }: Examination): CheckResult {
  const type = headerValue(main.recording.head?.headers, 'content-type') ?? ''
  if (!isEventStream(type)) return skip('the response is not a stream')
  const charset = /;\s*charset\s*=\s*"?([^\s";,]*)/i.exec(type)?.[1]
  if (charset === undefined) return ok('none, which means UTF-8')
  if (/^utf-?8$/i.test(charset)) return ok(charset)
  return fail(
    quoteExcerpt(charset),
    'encode the stream as UTF-8, and omit the charset: clients always decode streams as UTF-8',
  )
}

export function checkHttpVersion({ main }: Examination): CheckResult {
  const { head, httpVersion } = main.recording
  if (!head || !httpVersion) return skip('no response')
  if (httpVersion === '2') return ok('HTTP/2')
  const { headers } = head
  const isFramed = headers['transfer-encoding'] !== undefined || headers['content-length'] !== undefined
  if (head.status === 200 && !isFramed) {
    return warn(
      'HTTP/1 without chunks: the end of the body looks like a lost connection',
      'send Transfer-Encoding: chunked; a proxy needs HTTP/1.1 to the server for this (nginx: proxy_http_version 1.1;)',
    )
  }
  if (main.request.url.protocol === 'http:') return ok('HTTP/1.1; browsers use HTTP/2 only over TLS')
  return warn('HTTP/1.1 over TLS', 'enable HTTP/2 (nginx: http2 on; before 1.25.1: listen 443 ssl http2;)')
}
