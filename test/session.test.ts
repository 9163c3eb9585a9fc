import { getEventListeners } from 'node:events'
import { describe, expect, it, vi } from 'vitest'
import type { AttemptContext, EventSourceInit } from '../src/options/event-source-init.ts'
import { readSettings } from '../src/options/settings.ts'
import { startSession } from '../src/session.ts'
import { settle, useFakeTimers } from './fake-timers.ts'
import { ScriptedTransport } from './scripted-transport.ts'
import { endAfterMessage, start, url } from './start-session.ts'
import { uncaughtDuring } from './uncaught-during.ts'

useFakeTimers()

const maxTimerDelay = 2_147_483_647
const day = 86_400_000

describe('A session connects until it is closed', () => {
  it("A session begins after the caller's own code has run", async () => {
    const { session, requests, reports } = start()
    expect(requests).toHaveLength(0)
    await settle()
    expect(requests).toHaveLength(1)
    session.close()
    expect(reports).toEqual([])
  })

  it('A session that is closed at once sends nothing', async () => {
    const { session, requests } = start()
    session.close()
    await vi.advanceTimersByTimeAsync(day)
    expect(requests).toHaveLength(0)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('A session whose signal is already aborted sends and reports nothing, and adds no listener to the signal', async () => {
    const signal = AbortSignal.abort()
    const { requests, reports } = start({ signal })
    await vi.advanceTimersByTimeAsync(day)
    expect(requests).toHaveLength(0)
    expect(reports).toEqual([])
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })

  it('A session has one listener on its signal and one timer at a time, however often it reconnects', async () => {
    const { signal } = new AbortController()
    const started = start({ signal, retry: { initialDelay: 1, jitter: 0 } })
    await settle()
    for (let times = 0; times < 100; times++) {
      endAfterMessage(started.latest)
      await settle()
      expect(vi.getTimerCount()).toBe(1)
      await vi.advanceTimersByTimeAsync(1)
    }
    expect(started.requests).toHaveLength(101)
    expect(getEventListeners(signal, 'abort')).toHaveLength(1)
    started.session.close()
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('A session without an aborted callback is still closed by its signal', async () => {
    const controller = new AbortController()
    const settings = readSettings(url, { signal: controller.signal })
    const session = startSession(settings, new ScriptedTransport().transport, {
      announce() {},
      message() {},
      interrupted() {},
    })
    const uncaught = await uncaughtDuring(async () => {
      controller.abort()
      await settle()
    })
    expect(uncaught).toEqual([])
    expect(session.closed).toBe(true)
  })

  it('A session reports that a connection was dropped for another one, but not that it was closed', async () => {
    const dropped = vi.fn<() => void>()
    const started = start({}, { dropped })
    await settle()
    started.latest.respond()
    started.session.reconnect()
    await settle()
    expect(dropped).toHaveBeenCalledOnce()
    started.latest.respond()
    started.session.close()
    await settle()
    expect(dropped).toHaveBeenCalledOnce()
  })

  it('A session that has failed has no timer left, even while it reports the failure', async () => {
    let timers: number | undefined
    const started = start(
      {},
      {
        interrupted: () => {
          timers = vi.getTimerCount()
        },
      },
    )
    await settle()
    started.latest.respond(404)
    started.latest.end()
    await settle()
    expect(timers).toBe(0)
  })

  it('A session that is closed at any time after the connection ended reports nothing more', async () => {
    for (let turns = 0; turns < 20; turns++) {
      const started = start({ retry: { initialDelay: 0 } })
      await settle()
      started.latest.respond(404)
      started.latest.end()
      for (let turn = 0; turn < turns; turn++) await Promise.resolve()
      started.session.close()
      const reported = started.reports.length
      await vi.advanceTimersByTimeAsync(day)
      expect(started.reports, `closed after ${turns} turns`).toHaveLength(reported)
      expect(vi.getTimerCount()).toBe(0)
    }
  })

  it('A session reports all details of an interruption', async () => {
    const started = start({ retry: { statuses: [503], jitter: 0, maxAttempts: 2 } })
    await settle()
    started.latest.respond(503, { 'X-Reason': 'none' })
    started.latest.send('overloaded')
    started.latest.end()
    await settle()
    const [interruption] = started.interruptions
    expect(interruption).toEqual({
      message: expect.stringContaining('503'),
      error: undefined,
      reason: 'status',
      code: 503,
      status: 503,
      headers: expect.any(Headers),
      body: 'overloaded',
      attempt: 1,
      willReconnect: true,
      delay: 6_000,
    })
    expect(interruption?.headers?.get('X-Reason')).toBe('none')
    await vi.advanceTimersByTimeAsync(6_000)
    const error = new Error('reset')
    started.latest.lose(error)
    await settle()
    expect(started.interruptions[1]).toEqual({
      message: expect.stringContaining('reset'),
      error,
      reason: 'gave-up',
      code: undefined,
      status: undefined,
      headers: undefined,
      body: undefined,
      attempt: 2,
      willReconnect: false,
      delay: undefined,
    })
    expect(vi.getTimerCount()).toBe(0)
  })

  it.each<[string, EventSourceInit['retry'], object]>([
    [
      'it gives up',
      { statuses: [503], maxAttempts: 1 },
      { reason: 'gave-up', message: '1 failures in a row: HTTP 503 from http://feed.example/' },
    ],
    [
      'a retry function fails',
      () => {
        throw new Error('no table of delays')
      },
      { reason: 'callback', message: 'retry: no table of delays' },
    ],
  ])('A session does not report the response as the reason when %s after it', async (_, retry, reported) => {
    const started = start({ retry })
    await settle()
    started.latest.respond(503, { 'X-Reason': 'none' })
    started.latest.send('overloaded')
    started.latest.end()
    await settle()
    expect(started.interruptions).toEqual([
      {
        ...{ code: undefined, status: undefined, headers: undefined, body: undefined },
        ...{ error: expect.any(Error), attempt: 1, willReconnect: false, delay: undefined },
        ...reported,
      },
    ])
  })

  it('A session ends its connections and waits in the context of its transport, and says which time is the last', async () => {
    const calls: unknown[][] = []
    const scripted = new ScriptedTransport()
    const transport = Object.assign(scripted.transport, {
      runInContext(callback: () => void, isLast: boolean) {
        const wasOpen = scripted.latest.isOpen
        callback()
        calls.push([wasOpen, scripted.latest.isOpen, isLast])
      },
    })
    const session = startSession(readSettings(url, {}), transport, { announce() {}, message() {}, interrupted() {} })
    await settle()
    session.reconnect()
    await settle()
    session.close()
    expect(scripted.requests).toHaveLength(2)
    expect(calls).toEqual([
      [true, false, false],
      [true, false, true],
    ])
  })

  it('A session passes the context of each attempt to functions, with what ended the last one unless it had opened', async () => {
    const told: AttemptContext[] = []
    const started = start({
      headers: (context) => {
        told.push(context)
        return {}
      },
      retry: { initialDelay: 1, jitter: 0 },
    })
    await settle()
    started.latest.respond()
    started.latest.send('id: 7\ndata: a\n\n')
    started.latest.end()
    await vi.advanceTimersByTimeAsync(1)
    started.latest.lose(new Error('reset'))
    await vi.advanceTimersByTimeAsync(2)
    started.session.close()
    const [afterEnd, afterLoss] = started.interruptions
    expect(told).toEqual([
      { attempt: 1, failures: 0, lastEventId: '', previous: undefined, signal: expect.any(AbortSignal) },
      { attempt: 2, failures: 0, lastEventId: '7', previous: undefined, signal: expect.any(AbortSignal) },
      { attempt: 3, failures: 1, lastEventId: '7', previous: afterLoss, signal: expect.any(AbortSignal) },
    ])
    expect(afterEnd).toMatchObject({ reason: 'ended', attempt: 1 })
    expect(afterLoss).toMatchObject({ reason: 'network', attempt: 2 })
  })

  it('A session chooses its delays at random', async () => {
    const random = vi.spyOn(Math, 'random').mockReturnValue(0.25)
    const started = start()
    await settle()
    endAfterMessage(started.latest)
    await settle()
    random.mockReturnValue(0.5)
    started.session.reconnect()
    await settle()
    started.latest.lose(new Error('reset'))
    await settle()
    started.session.close()
    expect(started.interruptions.map(({ delay }) => delay)).toEqual([3_150, 3_000])
  })

  it('A session does not wait for less time when no timer can hold the reconnection time', async () => {
    for (const digits of ['99999999999', '2147483648', '9'.repeat(400)]) {
      const started = start()
      await settle()
      started.latest.respond()
      started.latest.send(`retry: ${digits}\ndata: a\n\n`)
      started.latest.end()
      await vi.advanceTimersByTimeAsync(60_000)
      expect(started.reports.at(-1)).toEqual(['reestablish', 'ended', maxTimerDelay])
      expect(started.requests).toHaveLength(1)
      started.session.close()
    }
  })

  it('A session passes a retry function no reconnection time that no timer can hold', async () => {
    const retry = vi.fn<Extract<EventSourceInit['retry'], (...given: never) => unknown>>(() => false)
    const started = start({ retry })
    await settle()
    started.latest.respond()
    started.latest.send(`retry: ${'9'.repeat(400)}\n`)
    started.latest.end()
    await settle()
    expect(retry.mock.calls[0]?.[0].reconnectionTime).toBe(maxTimerDelay)
  })

  it('A session stops reading while its user is behind', async () => {
    let resume = (): void => {}
    let ready: Promise<void> | undefined
    const started = start({}, { ready: () => ready })
    await settle()
    ready = new Promise((resolve) => {
      resume = resolve
    })
    started.latest.respond()
    started.latest.send('data: a\n\n')
    const resumed = vi.fn<() => void>()
    void started.latest.pause?.then(resumed)
    await vi.advanceTimersByTimeAsync(day)
    expect(resumed).not.toHaveBeenCalled()
    resume()
    await settle()
    expect(resumed).toHaveBeenCalledOnce()
    started.session.close()
  })
})

describe('A session waits for a consumer that lags', () => {
  it('A session makes no further attempt until its consumer is ready', async () => {
    let resume = (): void => {}
    let ready: Promise<void> | undefined
    const started = start({ retry: { initialDelay: 10, jitter: 0 } }, { ready: () => ready })
    await settle()
    ready = new Promise((resolve) => {
      resume = resolve
    })
    endAfterMessage(started.latest)
    await vi.advanceTimersByTimeAsync(day)
    expect(started.requests).toHaveLength(1)
    // The session asks again, and calls of reconnect() in the meantime do not add an attempt.
    started.session.reconnect()
    await settle()
    expect(started.requests).toHaveLength(1)
    ready = undefined
    resume()
    await settle()
    expect(started.requests).toHaveLength(2)
    await vi.advanceTimersByTimeAsync(1)
    expect(started.requests).toHaveLength(2)
  })

  it('A session that is closed while its consumer lags makes no further attempt', async () => {
    let resume = (): void => {}
    const ready = new Promise<void>((resolve) => {
      resume = resolve
    })
    let lags = false
    const started = start({ retry: { initialDelay: 10 } }, { ready: () => (lags ? ready : undefined) })
    await settle()
    lags = true
    endAfterMessage(started.latest)
    await vi.advanceTimersByTimeAsync(1_000)
    started.session.close()
    resume()
    await vi.advanceTimersByTimeAsync(day)
    expect(started.requests).toHaveLength(1)
  })
})
