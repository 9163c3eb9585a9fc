import { STATUS_CODES } from 'node:http'
import { isEventStream } from '../../../content-type.ts'
import { formatCount, formatDuration, quoteExcerpt } from '../../format.ts'
import { type CheckResult, fail, ok, skip, warn } from '../check-result.ts'
import type { Examination } from '../examination.ts'
import { describeFailure } from '../request-failure.ts'
import { headerValue } from '../response-headers.ts'
import { isJsonLines } from '../stream-fix.ts'

export function checkConnection({ main, method, time }: Examination): CheckResult {
  const { head, body, end, duration } = main.recording
  if (head?.status !== 200) return skip('the response is not a stream')
  const silence = duration - (body.at(-1)?.at ?? head.at)
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
      return checkSilence(silence) ?? fail(`lost after ${formatDuration(duration)}: ${message}`, fix)
    }
    case 'ended':
      if (method !== 'GET') return ok(`ended after ${formatDuration(duration)}`)
      return (
        checkSilence(silence) ??
        warn(
          `the server ended the response after ${formatDuration(duration)}`,
          'keep the response open: clients reconnect when it ends, forever; to end the stream, answer the next request with 204',
        )
      )
  }
}

/** The minimum silence in ms before the end of a connection that suggests an idle timeout. */
const minSilence = 5_000

/** The default idle timeouts of well-known proxies, in ms. */
const idleTimeouts: readonly (readonly [timeout: number, proxies: string])[] = [
  [55_000, 'Heroku'],
  [60_000, 'nginx (proxy_read_timeout), AWS load balancers and others'],
  [100_000, 'Cloudflare'],
  [230_000, 'Azure App Service'],
]

/** Reports that a proxy probably closed the connection because nothing was sent. */
function checkSilence(silence: number): CheckResult | undefined {
  if (silence < minSilence) return undefined
  const known = idleTimeouts.find(([timeout]) => Math.abs(silence - timeout) < 2_000)
  const addition = known ? `, the idle timeout of ${known[1]}` : ''
  return fail(
    `closed after ${formatDuration(silence)} of silence${addition}`,
    "send a comment line (':\\n\\n') more often, about every 15 s, or increase the idle timeout of the proxy",
  )
}

export function checkContentType({ main, method }: Examination): CheckResult {
  const { head } = main.recording
  if (!head) return skip('no response')
  const type = headerValue(head.headers, 'content-type')
  if (isEventStream(type ?? null)) return ok(type ?? '')
  if (head.status !== 200) return skip('the response is not a stream')
  const [first] = main.body
  const text = first?.bytes.toString() ?? ''
  const excerpt = text && `: ${quoteExcerpt(text, 80)}`
  return fail(
    `${type === undefined ? 'no Content-Type header' : quoteExcerpt(type, 80)}${excerpt}`,
    contentTypeFix(type ?? '', text, method, main.request.body),
  )
}

function contentTypeFix(type: string, text: string, method: string, requestBody: Uint8Array | null): string {
  const rule = 'send Content-Type: text/event-stream; clients refuse any other type'
  if (type.includes('html')) return `this may be a login page, an error page, or the wrong path; otherwise, ${rule}`
  const lines = text.split('\n').filter(Boolean)
  const isJson = /^\s*\{/.test(text)
  if (/ndjson|jsonl|json-seq/.test(type) || (lines.length > 1 && isJsonLines(lines) && isJsonLines(lines.slice(1)))) {
    return `send server-sent events, not lines of JSON: 'data: {…}\\n\\n' for each line; and ${rule}`
  }
  if (isJson && method === 'POST' && !/"stream"\s*:\s*true/.test(Buffer.from(requestBody ?? []).toString())) {
    return `ask for a stream: most model APIs need "stream": true in the request body; otherwise, ${rule}`
  }
  return rule
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

/** Formats a status with its reason phrase. */
export function formatStatus(status: number): string {
  return `${status} ${STATUS_CODES[status] ?? ''}`.trim()
}
