import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { EventSourceInit } from '../../src/index.ts'

import { errorOf, read, readPolicy } from './read.ts'

interface BadValue {
  readonly member: string
  readonly value: unknown
  readonly type: ErrorConstructor
  /** The value as the message shows it. */
  readonly shown: string
  /** The message says this about allowed values. */
  readonly allowed: RegExp
  /** Other members that make the value bad. */
  readonly others?: object
}

function bad(
  member: string,
  allowed: RegExp,
  values: readonly [value: unknown, type: ErrorConstructor, shown: string][],
  others: object = {},
): BadValue[] {
  return values.map(([value, type, shown]) => ({ member, value, type, shown, allowed, others }))
}

const negativeOrNoNumber: Parameters<typeof bad>[2] = [
  [-1, RangeError, '-1'],
  [-Infinity, RangeError, '-Infinity'],
  [Number.NaN, RangeError, 'NaN'],
  ['soon', TypeError, '"soon"'],
  ['5', TypeError, '"5"'],
  [{}, TypeError, '[object Object]'],
]
const noFunction: Parameters<typeof bad>[2] = [
  [1, RangeError, '1'],
  ['fetch', TypeError, '"fetch"'],
  [true, TypeError, 'true'],
  [{}, TypeError, '[object Object]'],
]

const badMembers = [
  bad('headers', /not pairs of name and value/, [
    ['Accept: *', TypeError, 'a string'],
    [5, TypeError, 'a number'],
    [true, TypeError, 'a boolean'],
  ]),
  bad(
    'method',
    /method fetch sends/,
    ['', 'GE T', 'GET\n', 'GÉT', 'a:b', 'CONNECT', 'connect', 'TRACE', 'Trace', 'TRACK'].map((method) => [
      method,
      TypeError,
      JSON.stringify(method),
    ]),
  ),
  bad('body', /^a body is not allowed with GET: set method to POST$/, [
    ['a secret', TypeError, ''],
    [new Blob(['a secret']), TypeError, ''],
    ['', TypeError, ''],
    [() => 'a secret', TypeError, ''],
  ]),
  bad('body', /^a body is not allowed with HEAD: set method to POST$/, [['a secret', TypeError, '']], {
    method: 'head',
  }),
  bad(
    'body',
    /^fetch cannot send a body like this (object|number|boolean|symbol): use JSON\.stringify\(\)$/,
    [
      [{ a: 1 }, TypeError, 'object'],
      [[1], TypeError, 'object'],
      [Object.create(null), TypeError, 'object'],
      [7, TypeError, 'number'],
      [true, TypeError, 'boolean'],
      [Symbol('body'), TypeError, 'symbol'],
    ],
    { method: 'POST' },
  ),
  bad('lastEventId', /free of CR, LF and NUL/, [
    ['a\nb', TypeError, '"a\\nb"'],
    ['\r', TypeError, '"\\r"'],
    ['a\0', TypeError, '"a\\u0000"'],
  ]),
  bad('redirect', /'follow' or 'error'/, [
    ['manual', TypeError, '"manual"'],
    ['Follow', TypeError, '"Follow"'],
    ['', TypeError, '""'],
    [false, TypeError, 'false'],
    [0, RangeError, '0'],
  ]),
  bad('signal', /an AbortSignal/, [
    [{}, TypeError, '[object Object]'],
    ['abort', TypeError, '"abort"'],
    [new AbortController(), TypeError, '[object AbortController]'],
  ]),
  bad('openTimeout', /time in ms/, [...negativeOrNoNumber, [Infinity, RangeError, 'Infinity']]),
  bad('idleTimeout', /time in ms/, [...negativeOrNoNumber, [Infinity, RangeError, 'Infinity']]),
  bad('maxEventSize', /at least 1/, [...negativeOrNoNumber, [0, RangeError, '0'], [0.5, RangeError, '0.5']]),
  ...['fetch', 'request', 'acceptContentType', 'onEvent', 'onComment', 'onRequest', 'onResponse'].map((member) =>
    bad(member, /a function/, noFunction),
  ),
  bad('retry', /a policy, a function, a delay in ms or false/, [
    [true, TypeError, 'true'],
    ['never', TypeError, '"never"'],
    [-1, RangeError, '-1'],
    [Number.NaN, RangeError, 'NaN'],
    ['3000', TypeError, '"3000"'],
    [Symbol('retry'), TypeError, 'Symbol(retry)'],
  ]),
].flat()

const badPolicyMembers = [
  ...['initialDelay', 'maxDelay', 'resetAfter'].map((member) => bad(member, /at least 0/, negativeOrNoNumber)),
  bad('factor', /at least 1/, [...negativeOrNoNumber, [0, RangeError, '0'], [0.99, RangeError, '0.99']]),
  bad('jitter', /0 to 1/, [...negativeOrNoNumber, [1.01, RangeError, '1.01'], [Infinity, RangeError, 'Infinity']]),
  bad('maxAttempts', /at least 1/, [...negativeOrNoNumber, [0, RangeError, '0']]),
  bad('statuses', /an array of numbers, or a function/, [
    [503, RangeError, '503'],
    ['503', TypeError, '"503"'],
    [['503'], TypeError, '503'],
    [[503, '429'], TypeError, '503,429'],
    [new Set([503]), TypeError, '[object Set]'],
  ]),
  bad('maxDelay', /at least .*200/, [[100, RangeError, '100']], { initialDelay: 200 }),
].flat()

describe('The constructor rejects bad values', () => {
  it.each(badMembers)(
    'The error about a bad $member names it and what is allowed: $shown',
    ({ member, value, type, shown, allowed, others }) => {
      const error = errorOf(() => read({ ...others, [member]: value }))
      expect(error).toBeInstanceOf(type)
      expect(error.message).toContain(member)
      expect(error.message).toContain(shown)
      expect(error.message).toMatch(allowed)
    },
  )

  it.each(badPolicyMembers)(
    'The error about a bad $member of a policy names it and what is allowed: $shown',
    ({ member, value, type, shown, allowed, others }) => {
      const error = errorOf(() => readPolicy({ ...others, [member]: value }))
      expect(error).toBeInstanceOf(type)
      expect(error.message).toContain(member)
      expect(error.message).toContain(shown)
      expect(error.message).toMatch(allowed)
    },
  )

  it.each([1, 'headers', true, Symbol('init')])('An init that is not an object is a TypeError: %s', (init) => {
    const error = errorOf(() => read(init))
    expect(error).toBeInstanceOf(TypeError)
    expect(error.message).toMatch(/init/)
    expect(error.message).toContain(String(init))
    expect(error.message).toMatch(/an object/)
  })

  it.each([
    ['openTimeout', 0, Number.MAX_VALUE],
    ['idleTimeout', 0, Number.MAX_VALUE],
    ['maxEventSize', 1, Infinity],
  ] as const)('Any number outside the range of %s is rejected', (member, least, most) => {
    fc.assert(
      fc.property(fc.double(), (value) => {
        const settings = (): number => read({ [member]: value })[member]
        if (value >= least && value <= most) expect(settings()).toBe(value)
        else expect(settings).toThrow(RangeError)
      }),
    )
  })
})

describe('Options have defaults', () => {
  const defaults = {
    withCredentials: false,
    method: 'GET',
    lastEventId: '',
    openTimeout: 0,
    idleTimeout: 0,
    maxEventSize: 16_777_216,
    redirect: 'follow',
  }
  const policyDefaults = {
    initialDelay: 3_000,
    maxDelay: 30_000,
    factor: 2,
    jitter: 1,
    maxAttempts: Infinity,
    resetAfter: 10_000,
  }
  const members = [
    ...['withCredentials', 'headers', 'method', 'body', 'fetch', 'signal', 'lastEventId', 'lastEventIdQueryParam'],
    ...['retry', 'openTimeout', 'idleTimeout', 'maxEventSize', 'redirect', 'onComment', 'onRequest', 'onResponse'],
    'unref',
  ]

  it.each([
    ['no init', undefined],
    ['null', null],
    ['an empty init', {}],
    ['members that are undefined', Object.fromEntries(members.map((member) => [member, undefined]))],
    ['members that are null', Object.fromEntries(members.map((member) => [member, null]))],
  ])('The defaults apply to %s', (_, init) => {
    const settings = read(init)
    expect(settings).toMatchObject(defaults)
    for (const member of ['headers', 'body', 'fetch', 'signal', 'onComment', 'onRequest', 'onResponse'] as const) {
      expect(settings[member] ?? undefined, member).toBeUndefined()
    }
    expect(settings.lastEventIdQueryParam ?? '').toBe('')
    expect(Boolean(settings.unref)).toBe(false)
    expect(settings.retry).toMatchObject(policyDefaults)
  })

  it.each([
    ['an empty policy', {}],
    [
      'members that are undefined',
      Object.fromEntries(Object.keys(policyDefaults).map((member) => [member, undefined])),
    ],
    ['members that are null', Object.fromEntries(Object.keys(policyDefaults).map((member) => [member, null]))],
  ])('The defaults of a policy apply to %s', (_, retry) => {
    const policy = readPolicy(retry)
    expect(policy).toMatchObject(policyDefaults)
    for (let status = 100; status < 600; status++) expect(policy.statuses(status)).toBe(false)
  })

  it('The defaults do not replace what is given', () => {
    const given = {
      ...{ withCredentials: true, method: 'PUT', lastEventId: '7', lastEventIdQueryParam: 'after', redirect: 'error' },
      ...{
        openTimeout: 1,
        idleTimeout: 2,
        maxEventSize: 3,
        unref: true,
        body: 'a',
        signal: new AbortController().signal,
      },
      ...{ fetch: () => {}, onComment: () => {}, onRequest: () => {}, onResponse: () => {}, headers: () => ({}) },
    }
    expect(read(given)).toMatchObject(given)
  })

  it('The defaults are shared, and not copied: thousands of streams would each keep a copy in memory', () => {
    const settings = read({ idleTimeout: 5, openTimeout: 0, redirect: 'follow' })
    expect(Object.hasOwn(settings, 'idleTimeout')).toBe(true)
    for (const member of ['openTimeout', 'redirect', 'maxEventSize', 'onEvent']) {
      expect(Object.hasOwn(settings, member), member).toBe(false)
    }
  })

  it('The defaults do not change retry: false or a retry function', () => {
    const retry = (): number => 5
    expect(read({ retry: false }).retry).toBe(false)
    expect(read({ retry }).retry).toBe(retry)
  })

  it('The smallest values are allowed', () => {
    const least = { initialDelay: 0, maxDelay: 0, factor: 1, jitter: 0, maxAttempts: 1, resetAfter: 0 }
    expect(readPolicy(least)).toMatchObject(least)
    expect(read({ openTimeout: 0, idleTimeout: 0, maxEventSize: 1 })).toMatchObject({ maxEventSize: 1 })
  })
})

describe('The constructor accepts good values', () => {
  it.each(['get', 'Post', 'PUT', 'patch', 'delete', 'QUERY', 'reconnect', 'TRACER', "m!#$%&'*+.^`|~-9"])(
    'Any other token is allowed as the method, which is converted to upper case: %s',
    (method) => {
      expect(read({ method }).method).toBe(method.toUpperCase())
    },
  )

  it('Any text without CR, LF and NUL is allowed as lastEventId', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', ' ', 'é', '名', '🦄', '\ud800', '\n', '\r', '\0') }),
        (lastEventId) => {
          if (/[\r\n\0]/.test(lastEventId)) expect(() => read({ lastEventId })).toThrow(TypeError)
          else expect(read({ lastEventId }).lastEventId).toBe(lastEventId)
        },
      ),
    )
  })

  it('lastEventId and method are converted to strings, as in WebIDL', () => {
    expect(read({ lastEventId: 42 }).lastEventId).toBe('42')
    expect(read({ method: { toString: () => 'put' } }).method).toBe('PUT')
  })

  it('Any body is allowed with a method other than GET and HEAD', () => {
    for (const body of ['', 'a', new Uint8Array(1), new Blob(), new FormData(), new URLSearchParams(), () => 'a']) {
      expect(read({ method: 'POST', body }).body).toBe(body)
    }
    for (const method of ['FORGET', 'GETTER', 'AHEAD', 'HEADER']) expect(read({ method, body: 'a' }).body).toBe('a')
  })

  it.each(['follow', 'error'] as const)('The redirect mode %s is allowed', (redirect) => {
    expect(read({ redirect }).redirect).toBe(redirect)
  })

  it('A retry that is a number is the initial delay in ms', () => {
    expect(read({ retry: 5_000 }).retry).toMatchObject({ initialDelay: 5_000, maxDelay: 30_000, factor: 2 })
    expect(read({ retry: 60_000 }).retry).toMatchObject({ initialDelay: 60_000, maxDelay: 60_000 })
    expect(read({ retry: 0 }).retry).toMatchObject({ initialDelay: 0 })
  })
})

describe('Members are read by name, as Web IDL reads the members of a dictionary', () => {
  it('Members that are accessors, inherited or not enumerable count', () => {
    class Options {
      readonly #token = 'Bearer 1'
      get headers(): HeadersInit {
        return { Authorization: this.#token }
      }
    }
    expect(new Headers(read(new Options()).headers as Headers).get('Authorization')).toBe('Bearer 1')
    expect(read(Object.create({ withCredentials: true })).withCredentials).toBe(true)
    expect(read(Object.defineProperty({}, 'method', { value: 'post' })).method).toBe('POST')
    expect(readPolicy(Object.create({ initialDelay: 7 })).initialDelay).toBe(7)
  })

  it('Members are read once each', () => {
    const names: PropertyKey[] = []
    const get = (target: object, name: PropertyKey): unknown => {
      names.push(name)
      return Reflect.get(target, name)
    }
    read(new Proxy({}, { get }))
    expect(names).toEqual([...new Set(names)])
    expect(names).toEqual(expect.arrayContaining(['withCredentials', 'headers', 'fetch']))
  })
})

describe('Unknown members are reported in one warning', () => {
  afterEach(() => {
    vi.restoreAllMocks()
  })

  it('Unknown members are named once, those of the policy with its name, and change nothing', () => {
    const warn = vi.spyOn(console, 'warn').mockReturnValue()
    const init = { credentials: 'include', header: { Authorization: 'secret' }, retry: { maxAttemps: 3 } }
    for (let times = 0; times < 3; times++) expect(read(init)).toMatchObject({ withCredentials: false, method: 'GET' })
    expect(warn.mock.calls.flat()).toEqual([
      'everysource ignores unknown options: credentials, header',
      'everysource ignores unknown options: retry.maxAttemps',
    ])
  })

  it('Known members are not warned about, nor is the import', async () => {
    const warn = vi.spyOn(console, 'warn').mockReturnValue()
    // A warning is given once: in this file, it may have been given already.
    vi.resetModules()
    const { readSettings } = await import('../../src/options/settings.ts')
    readSettings('http://feed.example/', {
      retry: { statuses: [503], jitter: 0 },
      onEvent: () => {},
      request: () => ({}),
      acceptContentType: () => true,
    })
    readSettings('http://feed.example/', { dispatcher: undefined, pauseWhenHidden: true, unref: true })
    // As libraries pass on what their callers may give them.
    readSettings('http://feed.example/', { https: undefined, proxy: undefined } as EventSourceInit)
    expect(warn).not.toHaveBeenCalled()
  })

  it('Members with the names of inherited object members are unknown, too', () => {
    const warn = vi.spyOn(console, 'warn').mockReturnValue()
    read(Object.fromEntries([['constructor', 1]]))
    expect(warn).toHaveBeenCalledExactlyOnceWith(expect.stringMatching(/: constructor$/))
  })
})

describe('Secrets are kept out of messages', () => {
  const anySecret = fc.string({ minLength: 8, unit: fc.constantFrom('s', 'é', '名', '\n', '\0', '7', ' ', '"') })

  it('No message contains the value of a header or a body, whatever is wrong with it', () => {
    fc.assert(
      fc.property(anySecret, (text) => {
        const secret = `k3y${text}`
        const wrong = [
          // In the middle: `Headers` takes a line break at the end of a value away.
          { headers: { 'X-Key': `a\n${secret}` } },
          { headers: [['X Key', secret]] },
          { headers: { Authorization: undefined, 'X-Key': secret } },
          { body: secret },
          { method: 'POST', body: { secret } },
          { method: 'POST', body: [secret] },
          { method: 'HEAD', body: new TextEncoder().encode(secret) },
        ]
        for (const init of wrong) {
          const { message } = errorOf(() => read(init))
          expect(message).not.toContain('k3y')
          expect(message).toMatch(/header|body/)
        }
      }),
    )
  })

  it('Headers that are given as a text are not repeated in the message', () => {
    for (const headers of ['Authorization: k3y', ['Authorization: k3y']]) {
      expect(errorOf(() => read({ headers })).message).not.toContain('k3y')
    }
  })
})
