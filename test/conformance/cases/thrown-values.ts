import { assert } from 'chai'
import type { EventSourceInit } from '../../../src/index.ts'
import { endedStream, stream } from '../answers.ts'
import type { ConformanceCase } from '../case.ts'
import { under } from '../scene.ts'

const thrownValues = under('everysource: what a callback throws')

/** Fails as a function of the caller's does. */
type Fail = () => never

const functions: readonly [name: string, create: (fail: Fail) => EventSourceInit][] = [
  ['headers', (fail) => ({ headers: fail })],
  ['body', (fail) => ({ method: 'POST', body: fail })],
  ['request', (fail) => ({ request: fail })],
  ['acceptContentType', (fail) => ({ acceptContentType: fail })],
  ['retry', (fail) => ({ retry: fail })],
]

const values: readonly [what: string, value: unknown, text: string][] = [
  ['a string', 'token store is locked', 'token store is locked'],
  ['an Error', new Error('no token'), 'no token'],
  [
    'an Error with a cause',
    new Error('token service is down', { cause: new Error('connect ECONNREFUSED') }),
    'token service is down: connect ECONNREFUSED',
  ],
  [
    'an Error whose cause is a string',
    new Error('token service is down', { cause: 'maintenance' }),
    'token service is down: maintenance',
  ],
  [
    'an Error whose message has that of its cause already',
    new Error('no token: it has expired', { cause: new Error('it has expired') }),
    'no token: it has expired',
  ],
  ['an object with a code', { code: 'E_LOCKED' }, 'E_LOCKED'],
]

/** What a function given as `fetch` returns, and what the message says about it. */
const noResponses: readonly [what: string, value: unknown][] = [
  ['undefined', undefined],
  ['null', null],
  ['a string', 'data: secret'],
  ['an object that is no Response', {}],
]

export const cases: ConformanceCase[] = [
  ...functions.flatMap(([name, create]) =>
    values.map(([what, value, text]) =>
      thrownValues(
        `The message about ${what} that ${name} throws names ${name} and says what was thrown`,
        async (scene) => {
          await scene.plan([endedStream('data: a\n\n')])
          const fail = (): never => {
            throw value
          }
          const error = await scene.watch({ retry: false, ...create(fail) }).nextError()
          assert.equal(error.reason, 'callback')
          assert.equal(error.message, `${name}: ${text}`)
          assert.equal(error.error, value)
          assert.isUndefined(error.status)
        },
      ),
    ),
  ),

  ...(['headers', 'body', 'request'] as const).map((name) =>
    thrownValues(`The message about undefined that ${name} rejects with names ${name}`, async (scene) => {
      await scene.plan([stream('data: a\n\n')])
      const init = { [name]: () => Promise.reject(undefined), method: 'POST', retry: false as const }
      const error = await scene.watch(init).nextError()
      assert.equal(error.reason, 'callback')
      assert.equal(error.message, `${name}: undefined`)
      assert.isUndefined(error.error)
    }),
  ),

  ...noResponses.map(([what, value]) =>
    thrownValues(
      `A given fetch that returns ${what} leads to an error that says so, and never retries`,
      async (scene) => {
        await scene.plan([stream('data: a\n\n')])
        const watch = scene.watch({ fetch: async () => value as Response, retry: { initialDelay: 10, jitter: 0 } })
        const error = await watch.nextError()
        assert.equal(error.reason, 'callback')
        assert.match(
          error.message,
          /^fetch returned (undefined|null|a string|an object|string|object), not a Response$/,
        )
        assert.notInclude(error.message, 'secret')
      },
    ),
  ),

  ...values.map(([what, value, text]) =>
    thrownValues(`A given fetch that rejects with ${what} says what it was`, async (scene) => {
      await scene.plan([stream('data: a\n\n')])
      const error = await scene.watch({ fetch: () => Promise.reject(value), retry: false }).nextError()
      assert.equal(error.reason, 'network')
      assert.equal(error.message, text)
      assert.equal(error.error, value)
    }),
  ),
]
