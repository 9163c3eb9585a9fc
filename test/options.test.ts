import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { EventSourceInit, RetryPolicy } from '../src/options/event-source-init.ts'
import { copyHeaders } from '../src/options/headers.ts'
import type { Policy } from '../src/options/retry-policy.ts'
import { readSettings } from '../src/options/settings.ts'

const url = 'http://feed.example/'

/** Reads options as a caller without types can give them. */
function read(init: unknown): ReturnType<typeof readSettings> {
  return readSettings(url, init as EventSourceInit)
}

function readPolicy(retry: unknown): Policy {
  return read({ retry }).retry as Policy
}

/** Returns the error that reading throws. */
function errorOf(read: () => unknown): Error {
  try {
    read()
  } catch (error) {
    expect(error).toBeInstanceOf(Error)
    return error as Error
  }
  throw new Error('nothing was thrown')
}

afterEach(() => {
  vi.unstubAllGlobals()
})

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
  bad('headers', /names and values, or a function/, [
    ['Accept: *', TypeError, '"Accept: *"'],
    [5, RangeError, '5'],
    [true, TypeError, 'true'],
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
  bad('body', /GET/, [['a', TypeError, '"a"']]),
  bad('body', /HEAD/, [['a', TypeError, '"a"']], { method: 'head' }),
  bad('body', /GET/, [[new Blob(), TypeError, '[object Blob]']]),
  bad('body', /GET/, [['', TypeError, '""']]),
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
  ...['fetch', 'onComment', 'onRequest', 'onResponse'].map((member) => bad(member, /a function/, noFunction)),
  bad('retry', /a policy, a function or false/, [
    [true, TypeError, 'true'],
    ['never', TypeError, '"never"'],
    [3_000, RangeError, '3000'],
    [0, RangeError, '0'],
    [Symbol('retry'), TypeError, 'Symbol(retry)'],
  ]),
].flat()

const badPolicyMembers = [
  ...['initialDelay', 'maxDelay', 'resetAfter'].map((member) => bad(member, /at least 0/, negativeOrNoNumber)),
  bad('factor', /at least 1/, [...negativeOrNoNumber, [0, RangeError, '0'], [0.99, RangeError, '0.99']]),
  bad('jitter', /0 to 1/, [...negativeOrNoNumber, [1.01, RangeError, '1.01'], [Infinity, RangeError, 'Infinity']]),
  bad('maxAttempts', /at least 1/, [...negativeOrNoNumber, [0, RangeError, '0']]),
  bad('statuses', /an array or a function/, [
    [503, RangeError, '503'],
    ['503', TypeError, '"503"'],
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

  it('Unknown members are ignored', () => {
    expect(() => read({ unheardOf: 1, retry: { unheardOf: 1 } })).not.toThrow()
  })
})

describe('The two delays of a policy are consistent', () => {
  it.each<[RetryPolicy, number, number]>([
    [{ initialDelay: 60_000 }, 60_000, 60_000],
    [{ initialDelay: 60_000, maxDelay: undefined }, 60_000, 60_000],
    [{ initialDelay: 100 }, 100, 30_000],
    [{ maxDelay: 100 }, 100, 100],
    [{ maxDelay: 100, initialDelay: undefined }, 100, 100],
    [{ maxDelay: 60_000 }, 3_000, 60_000],
    [{ initialDelay: 100, maxDelay: 100 }, 100, 100],
    [{ initialDelay: 0, maxDelay: Infinity }, 0, Infinity],
  ])('A given delay adjusts the default of the other one: %o', (given, initialDelay, maxDelay) => {
    expect(readPolicy(given)).toMatchObject({ initialDelay, maxDelay })
  })

  it('Two given delays are accepted unless they contradict each other', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), (initialDelay, maxDelay) => {
        if (initialDelay > maxDelay) expect(() => readPolicy({ initialDelay, maxDelay })).toThrow(RangeError)
        else expect(readPolicy({ initialDelay, maxDelay })).toMatchObject({ initialDelay, maxDelay })
      }),
    )
  })
})

describe('statuses selects the statuses to retry', () => {
  it('An array of statuses selects those statuses', () => {
    const { statuses } = readPolicy({ statuses: [408, 503] })
    expect([408, 503, 500, 200].map(statuses)).toEqual([true, true, false, false])
  })

  it('A function for statuses is called directly', () => {
    const statuses = (status: number): boolean => status > 500
    expect(readPolicy({ statuses }).statuses).toBe(statuses)
  })
})

describe('Headers are read and validated', () => {
  it.each([
    ['an object', { A: '1', b: '2' }],
    [
      'pairs',
      [
        ['A', '1'],
        ['b', '2'],
      ],
    ],
    [
      'a Map',
      new Map([
        ['A', '1'],
        ['b', '2'],
      ]),
    ],
    ['Headers', new Headers({ A: '1', b: '2' })],
  ] as [string, HeadersInit][])('Headers are read from %s', (_, init) => {
    const { headers } = read({ headers: init })
    expect([...(headers as Headers)]).toEqual([
      ['a', '1'],
      ['b', '2'],
    ])
  })

  it('Two values of one header name are preserved', () => {
    expect(
      copyHeaders([
        ['a', '1'],
        ['A', '2'],
      ]).get('a'),
    ).toBe('1, 2')
  })

  it('Headers are copied, so that later changes of the caller have no effect', () => {
    const given = new Headers({ a: '1' })
    const { headers } = read({ headers: given })
    given.set('a', '2')
    expect((headers as Headers).get('a')).toBe('1')
  })

  it.each([undefined, null])('Headers that are %s are empty', (init) => {
    expect([...copyHeaders(init)]).toEqual([])
  })

  it('The error about an invalid header contains its name and never its value', () => {
    const secret = 'sesame\nopen'
    const anyName = fc.oneof(fc.constantFrom('a', 'X-Key', 'a b', 'é', '', 'a:', '\n'), fc.string())
    const anyValue = fc.oneof(fc.constantFrom('', 'a', 'é', ' a ', 'a\tb', 'ā', 'a\r', 'a\0', secret), fc.string())
    fc.assert(
      fc.property(anyName, anyValue, (name, value) => {
        const isAllowed = /^[\w!#$%&'*+.^`|~-]+$/.test(name) && !/[^\0-\xff]|[\0\r\n]/.test(value.trim())
        if (isAllowed) {
          expect([...copyHeaders([[name, value]])]).toHaveLength(1)
          return
        }
        const error = errorOf(() => copyHeaders([[name, value]]))
        expect(error).toBeInstanceOf(TypeError)
        expect(error.message).toContain(JSON.stringify(name))
        expect(error.message).toMatch(/^headers .*Latin-1 value free of CR, LF and NUL$/)
        expect(error.message).not.toContain('sesame')
      }),
      { numRuns: 500 },
    )
  })
})

describe('The URL is resolved as in a browser', () => {
  /** Resolves the URL with the given globals. */
  function resolve(url: unknown, globals: { document?: unknown; location?: unknown } = {}): string {
    vi.stubGlobal('document', globals.document)
    vi.stubGlobal('location', globals.location)
    return readSettings(url, {}).url
  }
  const document = { baseURI: 'http://page.example/base/index.html' }
  const location = { href: 'http://worker.example/scripts/worker.js' }

  it('The URL is resolved against the base URL of the document in a page', () => {
    expect(resolve('feed?a#b', { document, location })).toBe('http://page.example/base/feed?a#b')
  })

  it('The URL is resolved against the location of the worker where there is no document', () => {
    expect(resolve('feed', { location })).toBe('http://worker.example/scripts/feed')
    expect(resolve('', { location })).toBe('http://worker.example/scripts/worker.js')
    expect(resolve('//other.example/feed', { location })).toBe('http://other.example/feed')
  })

  it('An absolute URL needs no base URL', () => {
    for (const globals of [{}, { location }, { document, location }]) {
      expect(resolve('HTTP://Feed.example:80/a b', globals)).toBe('http://feed.example/a%20b')
    }
  })

  it.each(['feed', '/feed', '', '?a', '//feed.example/'])(
    'The relative URL %o without a base URL is a SyntaxError that says why',
    (relative) => {
      const error = errorOf(() => resolve(relative))
      expect(error).toBeInstanceOf(DOMException)
      expect(error.name).toBe('SyntaxError')
      expect(error.message).toContain(relative)
      expect(error.message).toMatch(/no base URL/)
    },
  )

  it.each(['http://this is invalid/', 'http://a%20b/', 'http://a:port/', 'http://', 'http://[::1', 'http://a:99999/'])(
    'The invalid URL %s is a SyntaxError in every runtime',
    (invalid) => {
      for (const globals of [{}, { location }, { document, location }]) {
        const error = errorOf(() => resolve(invalid, globals))
        expect(error).toBeInstanceOf(DOMException)
        expect(error.name).toBe('SyntaxError')
        expect(error.message).toContain(invalid)
      }
      expect(errorOf(() => resolve(invalid, { location })).message).toBe(`not a URL: ${invalid}`)
    },
  )

  it.each([
    [null, 'null'],
    [undefined, 'undefined'],
    [1, '1'],
    [{ toString: () => 'feed' }, 'feed'],
    [new URL('http://feed.example/a'), ''],
  ])('A URL of any type is converted to a string: %s', (given, path) => {
    const expected = path ? `http://worker.example/scripts/${path}` : 'http://feed.example/a'
    expect(resolve(given, { location })).toBe(expected)
  })

  it('A URL that is a symbol is a TypeError', () => {
    expect(() => resolve(Symbol('url'), { location })).toThrow(TypeError)
  })
})
