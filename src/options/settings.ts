import type { RequestHeaders } from '../platform/platform.ts'
import type { AttemptContext, EventSourceInit, HeadersInit, RetryContext } from './event-source-init.ts'
import { copyHeaders } from './headers.ts'
import { checkBody, isMethod } from './method-and-body.ts'
import { defaultPolicy, defaultResetAfter, type Policy, readPolicy } from './retry-policy.ts'
import { resolveUrl } from './url.ts'
import {
  anything,
  applyRules,
  callback,
  eitherWord,
  isFunction,
  isNumber,
  isObject,
  numberFrom,
  type OptionRule,
  throwInvalid,
  timeout,
} from './validation.ts'

/** {@link EventSourceInit}, validated, with every default filled in: everything that the engine reads. */
export interface Settings extends EventSourceInit {
  /** The URL, resolved and serialized. */
  readonly url: string
  readonly withCredentials: boolean
  readonly headers: RequestHeaders | ((context: AttemptContext) => HeadersInit | Promise<HeadersInit>) | undefined
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
  /**
   * What is parsed after a clean end of the body.
   * @default undefined
   */
  readonly endOfStream?: Uint8Array | undefined
}

const rules = {
  withCredentials: anything,
  headers: anything,
  method: { default: 'GET', isValid: isMethod, expected: 'a method fetch sends' },
  body: anything,
  request: callback,
  fetch: callback,
  dispatcher: anything,
  signal: {
    isValid: (value) => isObject(value) && 'aborted' in value,
    expected: 'an AbortSignal',
  },
  lastEventId: { default: '', isValid: (value) => !/[\0\r\n]/.test(String(value)), expected: 'free of CR, LF and NUL' },
  lastEventIdQueryParam: anything,
  acceptContentType: callback,
  retry: {
    isValid: (value) => value === false || isObject(value) || (isNumber(value) && value >= 0),
    expected: 'a policy, a function, a delay in ms or false',
  },
  openTimeout: timeout,
  idleTimeout: timeout,
  maxEventSize: numberFrom(1, 2 ** 24),
  maxResponseSize: anything,
  redirect: eitherWord('follow', 'error'),
  onEvent: callback,
  onComment: callback,
  onRequest: callback,
  onResponse: callback,
  pauseWhenHidden: anything,
  unref: anything,
} satisfies Record<keyof EventSourceInit, OptionRule>

const defaults = /* @__PURE__ */ applyRules({}, rules)

/** The retry option with its defaults filled in. */
function readRetry(retry: EventSourceInit['retry']): Pick<Settings, 'retry' | 'resetAfter'> {
  if (retry === false || isFunction(retry)) return { retry, resetAfter: defaultResetAfter }
  const policy = retry == null ? defaultPolicy : readPolicy(isNumber(retry) ? { initialDelay: retry } : retry)
  return { retry: policy, resetAfter: policy.resetAfter }
}

/**
 * Validates the arguments of a constructor.
 * @param moreRules the rules of options that only one face has
 * @throws TypeError or RangeError that names the option, its value and what is valid
 * @throws DOMException "SyntaxError" if the URL cannot be parsed
 */
export function readSettings(
  url: unknown,
  init: EventSourceInit | null | undefined,
  moreRules?: Readonly<Record<string, OptionRule>>,
): Settings {
  // A template literal converts as WebIDL does: it throws for a symbol.
  const urlText = `${url as string}`
  const options = init ?? {}
  if (!isObject(options)) throwInvalid('init', String(options), 'an object')
  const settings = applyRules(
    options,
    moreRules ? { ...rules, ...moreRules } : rules,
    '',
    defaults,
  ) as unknown as Settings
  const { headers, body } = settings
  const method = `${settings.method}`.toUpperCase()
  checkBody(body, method)
  return Object.assign(settings, {
    url: resolveUrl(urlText),
    withCredentials: !!settings.withCredentials,
    headers: headers === undefined || isFunction(headers) ? headers : copyHeaders(headers),
    method,
    lastEventId: `${settings.lastEventId}`,
    ...readRetry(settings.retry as EventSourceInit['retry']),
  })
}
