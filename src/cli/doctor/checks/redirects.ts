import { isEventStream } from '../../../content-type.ts'
import { maxRedirects } from '../../../transport/redirect.ts'
import { redactUrl } from '../../endpoint/redact.ts'
import { quoteExcerpt } from '../../format.ts'
import { type CheckResult, fail, ok, skip, warn } from '../check-result.ts'
import type { Examination } from '../examination.ts'
import type { Observation } from '../observation.ts'
import type { Redirect } from '../redirects.ts'
import { headerValue } from '../response-headers.ts'

export function checkRedirects({ main, url }: Examination): CheckResult {
  const { redirects, recording, request } = main
  if (!recording.head && redirects.length === 0) return skip('no response')
  const last = redirects.at(-1)
  if (!last) return ok('none')
  if (!last.to) return checkLastRedirect(redirects, last)
  const message = formatHops(redirects)
  if (leadsToLogin(redirects)) {
    return fail(
      `${message}, probably a login page`,
      "pass credentials: -u USER:PASSWORD, -H 'Cookie: …' or --bearer-command",
    )
  }
  const isDowngraded = url.protocol === 'https:' && redirects.some(({ to }) => to?.protocol === 'http:')
  if (isDowngraded) {
    return fail(message, 'redirect only to https: URLs: browsers block http: URLs, which anyone can read')
  }
  if (!isStream(main)) {
    return warn(message, 'correct the path: the redirect leads to something other than a stream')
  }
  const addition = request.url.origin === url.origin ? '' : '; credentials are not sent to another origin'
  return warn(message, `use ${redactUrl(request.url.href)}: every reconnection is redirected again${addition}`)
}

/** Reports a redirect that was not followed. */
function checkLastRedirect(redirects: readonly Redirect[], last: Redirect): CheckResult {
  const loop = findLoop(redirects)
  if (loop) return fail(`a loop: ${loop}`, `${cookieFix(redirects)}redirect to the stream, or answer the request`)
  if (redirects.length > maxRedirects) return fail(`more than ${maxRedirects}`, 'redirect to the stream directly')
  const location = headerValue(last.headers, 'location')
  const message = location === undefined ? 'without Location' : `to ${quoteExcerpt(location, 80)}`
  return fail(`${last.status} ${message}`, 'send a Location with an http: or https: URL')
}

/** Suggests sending the cookies that redirects set, since their absence may be the reason for the redirects. */
function cookieFix(redirects: readonly Redirect[]): string {
  const cookies = redirects.flatMap(({ headers }) => headers['set-cookie'] ?? [])
  const names = new Set(cookies.map((cookie) => cookie.split('=', 1)[0] ?? ''))
  if (names.size === 0) return ''
  const pairs = [...names].map((name) => `${name}=…`).join('; ')
  return `send the cookie that the redirect sets: -H ${quoteExcerpt(`Cookie: ${pairs}`, 80)} (unlike a browser, this command keeps none); or `
}

/** Whether the redirects led to a stream. */
function isStream({ recording, stream }: Observation): boolean {
  const type = headerValue(recording.head?.headers, 'content-type') ?? null
  return !recording.head || (recording.head.status === 200 && (isEventStream(type) || stream.events.length > 0))
}

/** Formats each redirect with its status and its target: a path if it stays at the origin. */
function formatHops(redirects: readonly Redirect[]): string {
  return redirects.map(({ status, request, to }) => `${status} to ${formatTarget(to, request.url)}`).join(', ')
}

function formatTarget(target: URL | undefined, from: URL): string {
  if (!target) return 'nowhere'
  const url = redactUrl(target.href)
  return target.origin === from.origin ? url.slice(target.origin.length) : url
}

/** Returns the URLs from the first one that is requested again up to that repetition. */
function findLoop(redirects: readonly Redirect[]): string | undefined {
  const urls = redirects.map(({ request }) => request.url)
  const end = urls.findIndex(({ href }, index) => urls.findIndex((url) => url.href === href) < index)
  const repeated = urls[end]
  if (!repeated) return undefined
  const start = urls.findIndex(({ href }) => href === repeated.href)
  return urls
    .slice(start, end + 1)
    .map((url) => formatTarget(url, repeated))
    .join(' → ')
}

function leadsToLogin(redirects: readonly Redirect[]): boolean {
  return redirects.some(
    ({ to }) => to && /\b(log-?in|sign-?in|sso|oauth2?|saml|authorize)\b/i.test(to.hostname + to.pathname),
  )
}
