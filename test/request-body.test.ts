import { describe, expect, it } from 'vitest'
import type { EventSourceInit } from '../src/options/event-source-init.ts'
import { useFakeTimers } from './fake-timers.ts'
import { start } from './start-attempt.ts'

useFakeTimers()

describe('An attempt sends a one-shot body only once', () => {
  const sources: Record<string, () => unknown> = {
    'a stream': () => new Blob(['a']).stream(),
    'an async generator': () => (async function* generate() {})(),
    'a stream that does not iterate, as in older browsers': () => ({ getReader: () => {} }),
    'an object that iterates asynchronously': () => ({ [Symbol.asyncIterator]: () => ({}) }),
  }

  it.each(Object.entries(sources))('A one-shot body is not sent a second time: %s', async (_, create) => {
    const body = create() as BodyInit
    for (const given of [body, () => body]) {
      const init = { method: 'POST', body: given } as EventSourceInit
      const first = await start({ init })
      if (given === body) expect(first.requests).toHaveLength(1)
      const second = await start({ init, context: { attempt: 2 } })
      expect(second.requests).toHaveLength(0)
      expect(second.outcome).toMatchObject({
        kind: 'refused',
        reason: 'body-used',
        message: expect.stringContaining('pass a function'),
      })
    }
  })

  it.each(Object.entries(sources))(
    'A function can make a new one-shot body for every attempt: %s',
    async (_, create) => {
      const init = { method: 'POST', body: create } as EventSourceInit
      expect((await start({ init })).requests).toHaveLength(1)
      expect((await start({ init, context: { attempt: 2 } })).requests).toHaveLength(1)
    },
  )

  it.each([
    ['a string', 'a'],
    ['bytes', new Uint8Array(1)],
    ['a buffer', new ArrayBuffer(1)],
    ['a blob', new Blob(['a'])],
    ['a form', new FormData()],
    ['URL parameters', new URLSearchParams('a=b')],
    ['null', null],
  ])('A body that is %s can be sent again', async (_, body) => {
    const init = { method: 'POST', body }
    expect((await start({ init })).requests).toHaveLength(1)
    expect((await start({ init, context: { attempt: 2 } })).requests).toHaveLength(1)
  })
})
