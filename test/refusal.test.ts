import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { settle, useFakeTimers } from './fake-timers.ts'
import { interruptionOf, start, url } from './start-attempt.ts'

useFakeTimers()

describe('An attempt reports a refused response', () => {
  it('A refused response is reported with its body as soon as the body has ended', async () => {
    const started = await start()
    started.latest.respond(500, { 'X-Reason': 'none' })
    started.latest.send('over')
    started.latest.send('loaded')
    await settle()
    expect(started.outcome).toBeUndefined()
    started.latest.end()
    await settle()
    expect(started.outcome).toMatchObject({ kind: 'refused', reason: 'status', status: 500, body: 'overloaded' })
    expect(interruptionOf(started).headers?.get('X-Reason')).toBe('none')
    expect(started.reports).toEqual([])
  })

  it.each([
    [503, 'Service Unavailable', 'HTTP 503 Service Unavailable from http://feed.example/a'],
    // Over HTTP/2 there is no reason phrase.
    [418, '', 'HTTP 418 from http://feed.example/a'],
    [204, 'No Content', 'HTTP 204 No Content from http://feed.example/a'],
  ])('The message about the status %i %s is a sentence with the final URL', async (status, statusText, message) => {
    const started = await start({ address: 'http://feed.example/old' })
    const head = { url: 'http://feed.example/a', headers: new Headers(), header: () => null }
    started.latest.head({ ...head, status, statusText })
    started.latest.end()
    await settle()
    expect(interruptionOf(started).message).toBe(message)
  })

  it.each([
    ['text/html; charset=utf-8', undefined, 'text/html; charset=utf-8, not text/event-stream'],
    [null, undefined, 'missing, not text/event-stream'],
    ['text/event-stream', () => false, 'text/event-stream, which acceptContentType refuses'],
  ])('The message about a response of type %s says why it is refused', async (contentType, accepts, message) => {
    const started = await start({ init: { acceptContentType: accepts } })
    started.latest.head({ url, status: 200, statusText: 'OK', headers: new Headers(), header: () => contentType })
    started.latest.end()
    await settle()
    expect(interruptionOf(started)).toMatchObject({
      reason: 'content-type',
      message: `content-type ${message}, from http://feed.example/`,
    })
  })

  it.each(['?token=k3y', '#k3y', '?a=k3y#k3y', '?', '#'])(
    'The message about a refused response does not contain the query or the fragment of its URL: %s',
    async (secret) => {
      for (const status of [200, 500]) {
        const started = await start({ address: `http://feed.example/a/b${secret}` })
        started.latest.respond(status, { 'Content-Type': 'text/plain' })
        started.latest.end()
        await settle()
        expect(interruptionOf(started).message).toMatch(/ from http:\/\/feed\.example\/a\/b$/)
      }
    },
  )

  it('A response that is refused because of its type is reported with its body', async () => {
    const started = await start()
    started.latest.respond(200, { 'Content-Type': 'text/html' })
    started.latest.send('<p>Sign in')
    started.latest.end()
    await settle()
    expect(started.outcome).toMatchObject({ kind: 'refused', reason: 'content-type', status: 200, body: '<p>Sign in' })
    expect(started.reports).toEqual([])
  })

  it('A refused response that breaks off is still refused', async () => {
    const started = await start()
    started.latest.respond(500)
    started.latest.send('over')
    started.latest.lose(new Error('reset'))
    await settle()
    expect(started.outcome).toMatchObject({ kind: 'refused', reason: 'status', status: 500, body: 'over' })
  })

  it('A refused response whose body cannot be read is still refused for its own reason', async () => {
    const started = await start()
    started.latest.respond(500)
    started.latest.send('over')
    started.latest.refuse('unsupported', 'no readable body')
    await settle()
    expect(started.outcome).toMatchObject({
      kind: 'refused',
      reason: 'status',
      message: 'HTTP 500 from http://feed.example/',
      status: 500,
      body: 'over',
    })
  })

  it('The body of a refused response is awaited for one second, however much is sent in that time', async () => {
    const started = await start({ init: { openTimeout: 50, idleTimeout: 50 } })
    started.latest.respond(500)
    started.latest.send('over')
    await vi.advanceTimersByTimeAsync(900)
    started.latest.send('loaded')
    await vi.advanceTimersByTimeAsync(99)
    expect(started.outcome).toBeUndefined()
    await vi.advanceTimersByTimeAsync(1)
    expect(started.outcome).toMatchObject({ reason: 'status', body: 'overloaded' })
    expect(started.latest.isOpen).toBe(false)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('The body of a refused response is read up to 8,192 bytes, even if they end inside a character', async () => {
    const text = fc
      .array(fc.constantFrom('a', 'é', '€', '🦄'), { minLength: 4_000, maxLength: 6_000, size: 'max' })
      .map((characters) => new TextEncoder().encode(characters.join('')))
    await fc.assert(
      fc.asyncProperty(text, fc.integer({ min: 1, max: 9_000 }), async (bytes, size) => {
        const started = await start()
        started.latest.respond(500)
        let sent = 0
        while (sent < bytes.length && !started.outcome) {
          started.latest.send(bytes.subarray(sent, sent + size))
          sent += size
          await settle()
        }
        const beginning = bytes.subarray(0, 8_192)
        if (bytes.length < 8_192) {
          expect(started.outcome).toBeUndefined()
          started.latest.end()
          await settle()
        } else {
          expect(sent - size).toBeLessThan(8_192)
          expect(started.latest.isOpen).toBe(false)
        }
        // Only complete characters count: without `stream`, the last one would become U+FFFD.
        expect(interruptionOf(started).body).toBe(new TextDecoder().decode(beginning, { stream: true }))
      }),
      { numRuns: 30 },
    )
  })

  it('A refused response can have no body', async () => {
    const started = await start()
    started.latest.respond(204)
    started.latest.end()
    await settle()
    expect(started.outcome).toMatchObject({ reason: 'status', status: 204, body: '' })
  })
})
