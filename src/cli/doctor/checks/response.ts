import { STATUS_CODES } from 'node:http'
import { isEventStream } from '../../../content-type.ts'
import { maxRedirects } from '../../../transport/redirect.ts'
import { redactUrl } from '../../redact.ts'
import { type Examination, readHeader } from '../examination.ts'
import { describeFailure } from '../failure.ts'
import { fail, ok, skip, type Verdict, warn } from '../verdict.ts'
import { amount, excerpt, time } from '../wording.ts'

const flushHint =
  'send the head of the response at once, before the first event (Node: response.flushHeaders()); if the server does, a proxy holds it back (nginx: proxy_buffering off;)'

export function checkStatus({ main, time: observed, openTimeout }: Examination): Verdict {
  const { head, sent, end } = main.recording
  if (!head) {
    if (end.kind === 'failed') return describeFailure(end.error)
    if (sent) return fail(`connected, but no response in ${time(observed)}`, flushHint)
    return fail(
      `no connection in ${time(observed)}`,
      'look whether the server accepts connections, and speaks TLS if the URL says so',
    )
  }
  const { status } = head
  const text = `${status} ${STATUS_CODES[status] ?? ''}`.trim()
  const seen = `${text}, after ${time(head.at)}`
  if (openTimeout && head.at > openTimeout) return fail(`${seen}, more than --open-timeout allows`, flushHint)
  if (status === 200) return ok(seen)
  const [piece] = main.body
  return fail(piece ? `${text}: ${excerpt(piece.bytes.toString())}` : text, mendStatus(status))
}

function mendStatus(status: number): string {
  const final = 'clients take any status but 200 for final'
  if (status === 204) return 'answer 200: to clients, 204 means to stop, and not to come back'
  if (status === 401 || status === 403) return "give the credentials: -H 'Authorization: …' or --bearer-command"
  if (status === 404 || status === 410) return 'ask for another path: nothing is at this one'
  if (status === 405) return 'ask by the method that the server wants: -X'
  if (status === 406) return 'have the server answer requests whose Accept is text/event-stream'
  if (status >= 300 && status < 400) return 'see the check of redirects'
  if (status === 429 || status === 503)
    return `have it answer 200, for ${final}, unless told to try again (retry.statuses)`
  return status >= 500 ? `look at the log of the server; ${final}` : `answer 200; ${final}`
}

export function checkRedirects({ main, url }: Examination): Verdict {
  const { redirects, recording, request } = main
  if (!recording.head && redirects.length === 0) return skip('no response')
  const last = redirects.at(-1)
  if (!last) return ok('none')
  if (!last.to) {
    if (redirects.length > maxRedirects) {
      return fail(`more than ${maxRedirects}`, 'have one of them lead to the stream: this may be a loop')
    }
    const location = readHeader(last.headers, 'location')
    const seen = location === undefined ? 'without a Location' : `to ${excerpt(location, 80)}`
    return fail(`${last.status} ${seen}`, 'give it a Location that is a URL with http: or https:')
  }
  const target = redactUrl(request.url.href)
  const seen = `${redirects.map(({ status }) => status).join(', ')} to ${target}`
  const isDowngraded = url.protocol === 'https:' && redirects.some(({ to }) => to?.protocol === 'http:')
  if (isDowngraded) return fail(seen, 'redirect to https: only: browsers block the rest, and anybody can read it')
  const leaves = request.url.origin === url.origin ? '' : '; credentials are not sent on to another origin'
  return warn(seen, `ask for ${target}: every reconnection is redirected anew${leaves}`)
}

export function checkConnection({ main, method, time: observed }: Examination): Verdict {
  const { head, end, duration } = main.recording
  if (head?.status !== 200) return skip('no stream')
  switch (end.kind) {
    case 'time':
      return ok(`open after ${time(observed)}`)
    case 'full':
    case 'satisfied':
      return ok(`more came in ${time(duration)} than is examined, ${amount(main.stream.size, 'byte')}`)
    case 'failed': {
      const { seen, mend = '' } = describeFailure(end.error)
      return fail(`broke off after ${time(duration)}: ${seen}`, mend)
    }
    case 'ended':
      if (method !== 'GET') return ok(`ended after ${time(duration)}`)
      return warn(
        `the server ended it after ${time(duration)}`,
        'keep it open: clients ask again when it ends, for ever; if all is said, answer the next request with 204',
      )
  }
}

export function checkContentType({ main }: Examination): Verdict {
  const { head } = main.recording
  if (!head) return skip('no response')
  const type = readHeader(head.headers, 'content-type')
  if (isEventStream(type ?? null)) return ok(type ?? '')
  if (head.status !== 200) return skip('no stream')
  const mend = 'send Content-Type: text/event-stream; clients refuse any other'
  const page = type?.includes('html') ? '; an HTML page may be that of a login or an error' : ''
  return fail(type === undefined ? 'missing' : `${excerpt(type, 80)}${page}`, mend)
}

export function checkCharset({ main }: Examination): Verdict {
  const type = readHeader(main.recording.head?.headers, 'content-type') ?? ''
  if (!isEventStream(type)) return skip('no stream')
  const charset = /;\s*charset\s*=\s*"?([^\s";,]*)/i.exec(type)?.[1]
  if (charset === undefined) return ok('none given, which means UTF-8')
  if (/^utf-?8$/i.test(charset)) return ok(charset)
  return fail(
    excerpt(charset),
    'send the stream as UTF-8, and leave the charset out: clients decode it as UTF-8, whatever is given',
  )
}

export function checkHttpVersion({ main }: Examination): Verdict {
  const { head, httpVersion } = main.recording
  if (!head || !httpVersion) return skip('no response')
  if (httpVersion === '2') return ok('HTTP/2')
  const { headers } = head
  const isFramed = headers['transfer-encoding'] !== undefined || headers['content-length'] !== undefined
  if (head.status === 200 && !isFramed) {
    return warn(
      'HTTP/1 without chunks: the body ends when the connection does',
      'send Transfer-Encoding: chunked (a proxy needs HTTP/1.1 to the server for it; nginx: proxy_http_version 1.1;), for so the end cannot be told from a failure',
    )
  }
  if (main.request.url.protocol === 'http:') return ok('HTTP/1.1; browsers speak HTTP/2 over TLS only')
  return warn('HTTP/1.1, over TLS', 'turn on HTTP/2 (nginx: http2 on; before 1.25.1: listen 443 ssl http2;)')
}
