import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { settle, useFakeTimers } from './fake-timers.ts'
import { interruptionOf, start } from './start-attempt.ts'

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

  it('The message about a refused response contains its status or its type', async () => {
    const message = async (status: number, headers: HeadersInit): Promise<string> => {
      const started = await start()
      started.latest.respond(status, headers)
      started.latest.end()
      await settle()
      return interruptionOf(started).message
    }
    expect(await message(418, {})).toContain('418')
    expect(await message(200, { 'Content-Type': 'text/html; charset=utf-8' })).toContain('text/html; charset=utf-8')
    expect(await message(200, {})).toMatch(/null|no/)
  })

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
