import { isRedirect } from '../../../transport/redirect.ts'
import { redactUrl } from '../../endpoint/redact.ts'
import { formatDuration, quoteExcerpt } from '../../format.ts'
import { describeNetworkError } from '../../network-errors.ts'
import { type CheckResult, fail, ok } from '../check-result.ts'
import type { Examination } from '../examination.ts'
import { describeFailure } from '../request-failure.ts'
import { headerValue } from '../response-headers.ts'
import type { ProbedCertificate } from '../tls-probe.ts'
import { formatStatus } from './response.ts'

const flushFix =
  'send the response headers at once, before the first event (Node: response.flushHeaders()); if the server does, a proxy holds them back (nginx: proxy_buffering off; --server nginx shows the whole recipe)'

export function checkStatus(examination: Examination): CheckResult {
  const { main, time, openTimeout } = examination
  const { head, sent, end } = main.recording
  if (!head) {
    if (end.kind === 'failed') return checkFailure(examination, end.error)
    if (sent) return fail(`connected, but no response in ${formatDuration(time)}`, flushFix)
    return fail(
      `no connection in ${formatDuration(time)}`,
      'check that the server accepts connections, and uses TLS if the URL begins with https:',
    )
  }
  const { status, headers } = head
  const text = formatStatus(status)
  const message = `${text}, after ${formatDuration(head.at)}`
  if (openTimeout && head.at > openTimeout) return fail(`${message}, longer than --open-timeout`, flushFix)
  if (status === 200) return ok(message)
  const body = main.body[0]?.bytes.toString() ?? ''
  const excerpt = body && `: ${quoteExcerpt(body, 80)}`
  if (status === 400 && /plain HTTP request was sent to HTTPS port|HTTP request to an HTTPS server/i.test(body)) {
    return fail(`${text}: the port expects TLS`, 'use https:// in the URL')
  }
  return fail(
    `${text}${excerpt}`,
    statusFix(status, (name) => headerValue(headers, name)),
  )
}

function checkFailure({ main, certificate }: Examination, error: Error): CheckResult {
  const { url } = main.request
  if (certificate && url.protocol === 'http:') {
    return fail('the port expects TLS', `use ${redactUrl(url.href).replace('http:', 'https:')}`)
  }
  const validity = certificate && describeValidity(certificate)
  if (validity && describeNetworkError(error).kind === 'certificate') return fail(validity, 'renew the certificate')
  return describeFailure(error)
}

/** Describes a certificate that is not valid at this time, or returns undefined. */
function describeValidity({ validFrom, validTo }: ProbedCertificate): string | undefined {
  const now = Date.now()
  const date = (time: Date): string => time.toISOString().slice(0, 10)
  if (validTo.getTime() < now) return `the certificate expired on ${date(validTo)}`
  return validFrom.getTime() > now ? `the certificate is not valid before ${date(validFrom)}` : undefined
}

/** Whether a server refused a request because it is not one of a WebSocket client. */
function isWebSocket(status: number, header: (name: string) => string | undefined): boolean {
  const isUpgrade = /websocket/i.test(header('upgrade') ?? '') || header('sec-websocket-version') !== undefined
  return status >= 400 && isUpgrade
}

const credentialsFix = "pass the credentials: -u USER:PASSWORD, -H 'Authorization: …' or --bearer-command"

function statusFix(status: number, header: (name: string) => string | undefined): string {
  const rule = 'clients stop after any status other than 200'
  if (isWebSocket(status, header)) return 'use the URL of the event stream: this one expects a WebSocket client'
  switch (status) {
    case 204:
      return 'answer 200: with 204, a server stops clients permanently'
    case 401: {
      const scheme = /^\w+/.exec(header('www-authenticate') ?? '')?.[0]
      const options: Readonly<Record<string, string>> = {
        basic: '-u USER:PASSWORD',
        bearer: '--bearer-command COMMAND',
      }
      const option = options[scheme?.toLowerCase() ?? '']
      return option ? `pass the credentials that the server asks for (${scheme}): ${option}` : credentialsFix
    }
    case 403:
      return credentialsFix
    case 404:
    case 410:
      return 'correct the path: this one does not exist'
    case 304:
      return 'answer 200: the request has no conditions, so leave out the code that answers 304, such as that for ETag'
    case 405: {
      const allow = header('allow')
      return allow ? `use a method that the server allows: ${allow} (-X)` : 'use a method that the server allows (-X)'
    }
    case 406:
      return 'accept requests with Accept: text/event-stream'
    case 429:
    case 503: {
      const retryAfter = header('retry-after')
      const addition = retryAfter ? `; the server asks to wait: Retry-After: ${retryAfter}` : ''
      return `answer 200; ${rule}, unless configured to retry (retry.statuses)${addition}`
    }
    default:
      if (isRedirect(status)) return 'see redirects'
      return status >= 500 ? `look for the reason in the log of the server; ${rule}` : `answer 200; ${rule}`
  }
}
