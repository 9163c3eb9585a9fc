import { isHeader } from '#platform'
import type { EventSourceInit, RetryContext } from './event-source-init.ts'
import { copyHeaders } from './headers.ts'
import { defaultPolicy, defaultResetAfter, type Policy, readPolicy } from './retry-policy.ts'
import { resolveUrl } from './url.ts'
import {
  applyRules,
  callback,
  eitherWord,
  isObject,
  numberFrom,
  type OptionRule,
  throwInvalid,
  timeout,
} from './validation.ts'

/** {@link EventSourceInit}, validated, with every default filled in: all that the engine reads. */
export interface Settings extends EventSourceInit {
  /** The URL, resolved and serialized. */
  readonly url: string
  readonly withCredentials: boolean
  readonly headers: Headers | undefined | Extract<EventSourceInit['headers'], (...args: never) => unknown>
  readonly method: string
  readonly lastEventId: string
  readonly retry: Policy | ((context: RetryContext) => number | false) | false
  /** The time after which an open connection counts as a success, in ms: the policy's, or the default. */
  readonly resetAfter: number
  readonly openTimeout: number
  readonly idleTimeout: number
  readonly maxEventSize: number
  readonly redirect: 'follow' | 'error'
  readonly pauseWhenHidden: boolean
  readonly unref: boolean
  /**
   * Whether a clean end of the body is followed by another attempt; if not, the connection fails.
   * @default true
   */
  readonly reconnectOnEnd?: boolean
}

/** The methods that `fetch` refuses to send. */
const forbiddenMethod = /^(connect|trace|track)$/i

const rules = {
  headers: { isValid: isObject, expected: 'names and values, or a function' },
  method: {
    default: 'GET',
    // A method is a token, as the name of a header is.
    isValid: (value) => isHeader(value, '') && !forbiddenMethod.test(String(value)),
    expected: 'a method fetch sends',
  },
  lastEventId: { default: '', isValid: (value) => !/[\0\r\n]/.test(String(value)), expected: 'free of CR, LF and NUL' },
  redirect: eitherWord('follow', 'error'),
  openTimeout: timeout,
  idleTimeout: timeout,
  maxEventSize: numberFrom(1, 2 ** 24),
  signal: { isValid: (value) => isObject(value) && 'aborted' in value, expected: 'an AbortSignal' },
  fetch: callback,
  onComment: callback,
  onRequest: callback,
  onResponse: callback,
  retry: {
    isValid: (value) => value === false || isObject(value),
    expected: 'a policy, a function or false',
  },
} satisfies Record<string, OptionRule>

/** The retry option with its defaults filled in. */
function readRetry(retry: EventSourceInit['retry']): Pick<Settings, 'retry' | 'resetAfter'> {
  if (retry === false || typeof retry === 'function') return { retry, resetAfter: defaultResetAfter }
  const policy = retry ? readPolicy(retry) : defaultPolicy()
  return { retry: policy, resetAfter: policy.resetAfter }
}

/**
 * Validates the arguments of a constructor.
 * @throws TypeError or RangeError that names the option, its value and what is valid
 * @throws DOMException "SyntaxError" if the URL cannot be parsed
 */
export function readSettings(url: unknown, init: EventSourceInit | null | undefined): Settings {
  // A template literal converts as WebIDL does: it throws for a symbol.
  const urlText = `${url as string}`
  const options = init ?? {}
  if (!isObject(options)) throwInvalid('init', String(options), 'an object')
  const settings = applyRules(options, rules) as unknown as Settings
  const { headers, body } = settings
  const method = settings.method.toString().toUpperCase()
  if (body != null && /^(GET|HEAD)$/.test(method)) throwInvalid('body', body, `allowed with ${method}`)
  return Object.assign(settings, {
    url: resolveUrl(urlText),
    withCredentials: !!settings.withCredentials,
    headers: typeof headers === 'object' ? copyHeaders(headers) : headers,
    method,
    lastEventId: `${settings.lastEventId}`,
    ...readRetry(settings.retry as EventSourceInit['retry']),
  })
}
