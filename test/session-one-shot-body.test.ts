import { describe, expect, it, vi } from 'vitest'
import type { EventSourceInit } from '../src/options/event-source-init.ts'
import { settle, useFakeTimers } from './fake-timers.ts'
import { start } from './start-session.ts'

useFakeTimers()

const day = 86_400_000

const createInit = (): EventSourceInit => ({ method: 'POST', body: new Blob(['a']).stream(), retry: { jitter: 0 } })

describe('A session with a one-shot body makes one request', () => {
  it('A one-shot body that fails ends the session, and the error says why', async () => {
    const started = start(createInit())
    await settle()
    started.latest.lose(new Error('the request body failed: the disk is gone'))
    await vi.advanceTimersByTimeAsync(day)
    expect(started.interruptions).toMatchObject([
      { reason: 'network', message: 'the request body failed: the disk is gone', willReconnect: false },
    ])
    expect(started.requests).toHaveLength(1)
  })

  it('A one-shot body ends the session when the connection is lost', async () => {
    const error = new Error('reset')
    const started = start(createInit())
    await settle()
    started.latest.respond()
    started.latest.lose(error)
    await vi.advanceTimersByTimeAsync(day)
    expect(started.reports).toEqual([['announce'], ['fail', 'body-used']])
    expect(started.interruptions[0]).toMatchObject({
      willReconnect: false,
      delay: undefined,
      error,
      message: 'reset; the body stream was already sent: pass a function',
    })
    expect(started.requests).toHaveLength(1)
  })

  it('A one-shot body ends the session when reconnect() is called', async () => {
    const started = start(createInit())
    await settle()
    started.latest.respond()
    started.session.reconnect()
    await vi.advanceTimersByTimeAsync(day)
    expect(started.reports).toEqual([['announce'], ['fail', 'body-used']])
    expect(started.requests).toHaveLength(1)
  })

  it('A one-shot body does not change the report of a refused response', async () => {
    const started = start(createInit())
    await settle()
    started.latest.respond(404)
    started.latest.end()
    await settle()
    expect(started.reports).toEqual([['fail', 'status']])
  })

  it('A one-shot body ends the session after a response that would be retried', async () => {
    const started = start({ ...createInit(), retry: { statuses: [503] } })
    await settle()
    started.latest.respond(503)
    started.latest.end()
    await vi.advanceTimersByTimeAsync(day)
    expect(started.interruptions).toMatchObject([
      {
        reason: 'body-used',
        message: 'HTTP 503 from http://feed.example/; the body stream was already sent: pass a function',
        status: undefined,
        willReconnect: false,
      },
    ])
    expect(started.requests).toHaveLength(1)
  })

  it('A one-shot body that was never sent can still be sent', async () => {
    let calls = 0
    const headers = (): Record<string, string> => {
      if (calls++ === 0) throw new Error('no token')
      return {}
    }
    const started = start({ ...createInit(), headers })
    await settle()
    expect(started.reports).toEqual([['reestablish', 'callback', 6_000]])
    await vi.advanceTimersByTimeAsync(6_000)
    expect(started.requests).toHaveLength(1)
    started.session.close()
  })
})
