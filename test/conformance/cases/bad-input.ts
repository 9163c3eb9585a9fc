import { assert } from 'chai'
import type { ConformanceCase } from '../case.ts'
import { hasNoDispatchers } from '../limits.ts'
import { under } from '../scene.ts'

const badInput = under('everysource: bad input')

/** What is wrong, the init with the mistake, and what the message must contain: the member and the value. */
const wrong: readonly (readonly [what: string, init: object, told: readonly string[]])[] = [
  ['a header name with a space', { headers: { 'a b': '1' } }, ['headers', 'a b']],
  ['an empty header name', { headers: { '': '1' } }, ['headers']],
  ['a header name beyond ASCII', { headers: [['été', '1']] }, ['headers', 'été']],
  // The value may be a secret, so the message names only the header.
  ['a header value with a line feed', { headers: { 'X-One': 'a\nX-Two: b' } }, ['headers', 'X-One']],
  ['a header value with NUL', { headers: { 'X-One': 'a\u0000b' } }, ['headers', 'X-One']],
  ['a header value beyond Latin-1', { headers: { 'X-One': '名' } }, ['headers', 'X-One']],

  ['a body without a method', { body: 'a' }, ['body', 'GET']],
  ['a body with HEAD', { method: 'HEAD', body: 'a' }, ['body', 'HEAD']],
  ['a body function with GET', { method: 'get', body: () => 'a' }, ['body', 'GET']],
  ['a method with a space', { method: 'GET /' }, ['method', 'GET /']],
  ['an empty method', { method: '' }, ['method']],
  ['the method CONNECT', { method: 'CONNECT' }, ['method', 'CONNECT']],
  ['the method TRACE', { method: 'TRACE' }, ['method', 'TRACE']],

  ['a lastEventId with LF', { lastEventId: 'a\nb' }, ['lastEventId', 'LF']],
  ['a lastEventId with CR', { lastEventId: 'a\rb' }, ['lastEventId', 'CR']],
  ['a lastEventId with NUL', { lastEventId: 'a\u0000b' }, ['lastEventId', 'NUL']],

  ['a negative openTimeout', { openTimeout: -1 }, ['openTimeout', '-1']],
  ['an infinite openTimeout', { openTimeout: Number.POSITIVE_INFINITY }, ['openTimeout', 'Infinity']],
  ['an openTimeout of NaN', { openTimeout: Number.NaN }, ['openTimeout', 'NaN']],
  ['a negative idleTimeout', { idleTimeout: -0.5 }, ['idleTimeout', '-0.5']],
  ['an infinite idleTimeout', { idleTimeout: Number.POSITIVE_INFINITY }, ['idleTimeout', 'Infinity']],
  ['an idleTimeout of NaN', { idleTimeout: Number.NaN }, ['idleTimeout', 'NaN']],
  ['a maxEventSize of 0', { maxEventSize: 0 }, ['maxEventSize', '0']],
  ['a maxEventSize of NaN', { maxEventSize: Number.NaN }, ['maxEventSize', 'NaN']],

  ['a retry that is a string', { retry: 'always' }, ['retry', 'always']],
  ['a retry that is true', { retry: true }, ['retry', 'true']],
  ['a negative retry', { retry: -1 }, ['retry', '-1']],
  ['a retry of NaN', { retry: Number.NaN }, ['retry', 'NaN']],
  ['a negative initialDelay', { retry: { initialDelay: -1 } }, ['initialDelay', '-1']],
  ['a negative maxDelay', { retry: { maxDelay: -1 } }, ['maxDelay', '-1']],
  ['a maxDelay under initialDelay', { retry: { initialDelay: 200, maxDelay: 100 } }, ['maxDelay', '100', '200']],
  ['a factor under 1', { retry: { factor: 0.5 } }, ['factor', '0.5', '1']],
  ['a factor of NaN', { retry: { factor: Number.NaN } }, ['factor', 'NaN']],
  ['a jitter beyond 1', { retry: { jitter: 1.5 } }, ['jitter', '1.5']],
  ['a negative jitter', { retry: { jitter: -1 } }, ['jitter', '-1']],
  ['a maxAttempts of 0', { retry: { maxAttempts: 0 } }, ['maxAttempts', '0', '1']],
  ['a negative resetAfter', { retry: { resetAfter: -1 } }, ['resetAfter', '-1']],
  ['statuses that are one number', { retry: { statuses: 503 } }, ['statuses', '503']],

  ['a redirect mode that only fetch has', { redirect: 'manual' }, ['redirect', 'manual']],
  ['a fetch that is not a function', { fetch: 'fetch' }, ['fetch']],
  ['a signal that is not an AbortSignal', { signal: {} }, ['signal']],
  ['an AbortController as the signal', { signal: new AbortController() }, ['signal', 'AbortSignal']],
  ['headers that are a number', { headers: 5 }, []],
  ['a header value that is undefined', { headers: { Authorization: undefined } }, ['headers', 'Authorization']],
  ['a header value that is null', { headers: { Authorization: null } }, ['headers', 'Authorization']],
  ['headers that are an array of strings', { headers: ['Authorization: 1'] }, ['headers', 'pairs']],
  ['a header pair without a value', { headers: [['Authorization']] }, ['headers', 'Authorization']],
  ['a body that is a plain object', { method: 'POST', body: { a: 1 } }, ['body', 'JSON.stringify']],
  ['a body that is an object without a prototype', { method: 'POST', body: Object.create(null) }, ['body', 'JSON']],
  ['a body that is an array', { method: 'POST', body: [1, 2] }, ['body', 'object', 'JSON.stringify']],
  ['a body that is a number', { method: 'POST', body: 5 }, ['body', 'number']],
  ['a body that is true', { method: 'POST', body: true }, ['body', 'boolean']],
  ['statuses that are strings', { retry: { statuses: ['503'] } }, ['statuses', 'numbers']],
  ['a request that is not a function', { request: {} }, ['request', 'a function']],
  ['an onEvent that is not a function', { onEvent: 'message' }, ['onEvent', 'a function']],
  ['an acceptContentType that is a string', { acceptContentType: 'text/plain' }, ['acceptContentType', 'a function']],
]

/** Values at the limit of what is allowed. */
const right: readonly (readonly [what: string, init: object])[] = [
  ['timeouts of 0', { openTimeout: 0, idleTimeout: 0 }],
  ['timeouts beyond what a timer can hold', { openTimeout: 1e12, idleTimeout: 1e12 }],
  ['an unlimited maxEventSize', { maxEventSize: Number.POSITIVE_INFINITY }],
  ['a retry that is a number of ms', { retry: 3_000 }],
  ['an initialDelay of 0', { retry: { initialDelay: 0 } }],
  ['an initialDelay beyond the default maxDelay', { retry: { initialDelay: 60_000 } }],
  ['a maxDelay under the default initialDelay', { retry: { maxDelay: 100 } }],
  ['equal delays and a factor of 1', { retry: { initialDelay: 100, maxDelay: 100, factor: 1 } }],
  ['unlimited numbers', { retry: { maxDelay: Number.POSITIVE_INFINITY, maxAttempts: Number.POSITIVE_INFINITY } }],
  ['an empty list of statuses', { retry: { statuses: [] } }],
  ['a body of null with GET', { body: null }],
  ['an empty retry policy', { retry: {} }],
]

export const cases: ConformanceCase[] = [
  ...wrong.map(([what, init, told]) =>
    badInput(`The constructor throws an error that names ${what}`, async (scene) => {
      let thrown: unknown
      try {
        scene.open(init, `${scene.context.feed}/plain`)
      } catch (error) {
        thrown = error
      }
      assert.isTrue(thrown instanceof TypeError || thrown instanceof RangeError, `a TypeError or RangeError: ${thrown}`)
      const { message } = thrown as Error
      for (const part of told) assert.include(message, part)
      // Besides the member and the value, the message has room for what is allowed.
      assert.isAbove(message.length, told.join(' is ').length + 5)
    }),
  ),

  badInput('The error about a bad header value does not reveal the value', async (scene) => {
    const headers = { Authorization: 'Bearer secret\u0000' }
    assert.throws(
      () => scene.open({ headers }, `${scene.context.feed}/plain`),
      TypeError,
      /^(?!.*secret).*Authorization/,
    )
  }),

  // A request that should use a proxy must not be sent without one.
  ...[
    ['that is not a dispatcher', { dispatcher: {} }],
    ['in combination with fetch', { dispatcher: { dispatch: () => true }, fetch: (url: string) => fetch(url) }],
  ].map(([what, init]) =>
    badInput(
      `The constructor throws an error about a dispatcher ${what}`,
      async (scene) => {
        assert.throws(() => scene.open(init as object, `${scene.context.feed}/plain`), TypeError, 'dispatcher')
      },
      { limits: hasNoDispatchers },
    ),
  ),

  ...right.map(([what, init]) =>
    badInput(`The constructor accepts ${what}`, async (scene) => {
      await scene.plan([{ body: ['data: a\n\n'] }])
      await scene.watch(init).next('message')
    }),
  ),

  ...(['undefined', 'null'] as const).map((name) =>
    badInput(`The constructor treats members that are ${name} as not given`, async (scene) => {
      await scene.plan([{ body: ['data: a\n\n'] }])
      const members = ['headers', 'method', 'body', 'fetch', 'signal', 'lastEventId', 'lastEventIdQueryParam', 'retry']
      const more = ['openTimeout', 'idleTimeout', 'maxEventSize', 'redirect', 'onComment', 'onRequest', 'onResponse']
      const value = name === 'null' ? null : undefined
      const watch = scene.watch(Object.fromEntries([...members, ...more].map((member) => [member, value])))
      await watch.next('message')
      const [request] = await scene.requests()
      assert.equal(request?.method, 'GET')
      assert.isFalse(request?.headers.some(([header]) => header.toLowerCase() === 'last-event-id'))
    }),
  ),
]
