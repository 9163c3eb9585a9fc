import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { SessionHandler } from '../src/session.ts'
import { settle, useFakeTimers } from './fake-timers.ts'
import { endAfterMessage, type Started, start } from './start-session.ts'
import { stubNetwork } from './stub-network.ts'
import { uncaughtDuring } from './uncaught-during.ts'

useFakeTimers()

describe('A session is silent about a page that is left', () => {
  /** A mock of a page, which Node does not have. Real browsers are tested in test/lifecycle. */
  let page: EventTarget
  let started: Started

  beforeEach(() => {
    vi.stubGlobal('document', { hidden: false })
    page = stubNetwork()
  })

  afterEach(() => {
    // The page stays: no other test is about to leave it.
    page.dispatchEvent(new Event('pageshow'))
    started.session.close()
  })

  async function startAndLeave(handler: Partial<SessionHandler> = {}): Promise<void> {
    started = start({ retry: { initialDelay: 5_000, jitter: 0 }, openTimeout: 2_000 }, handler)
    await settle()
    page.dispatchEvent(new Event('beforeunload'))
  }

  async function lose(): Promise<void> {
    started.latest.lose(new Error('aborted'))
    await settle()
  }

  it('A lost connection is not reported, and there is another one after a second if the page stays', async () => {
    const dropped = vi.fn<() => void>()
    await startAndLeave({ dropped })
    started.latest.respond()
    await lose()
    expect(dropped).toHaveBeenCalledOnce()
    await vi.advanceTimersByTimeAsync(999)
    expect(started.requests).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(started.requests).toHaveLength(2)
    expect(started.reports).toEqual([['announce']])
  })

  it('A lost connection is not reported to a handler that does not ask for it either', async () => {
    await startAndLeave()
    const uncaught = await uncaughtDuring(async () => {
      await lose()
      await vi.advanceTimersByTimeAsync(1_000)
    })
    expect(uncaught).toEqual([])
    expect(started.requests).toHaveLength(2)
    expect(started.reports).toEqual([])
  })

  it('A second loss in a row is reported, and the first one is not counted as a failure', async () => {
    await startAndLeave()
    await lose()
    await vi.advanceTimersByTimeAsync(1_000)
    await lose()
    expect(started.reports).toEqual([['reestablish', 'network', 10_000]])
  })

  it('A loss is reported when the navigation was a second ago, as it is after a download', async () => {
    await startAndLeave()
    started.latest.respond()
    await vi.advanceTimersByTimeAsync(1_000)
    await lose()
    expect(started.reports).toEqual([['announce'], ['reestablish', 'network', 10_000]])
  })

  it('A loss is not reported when the user has taken a minute to confirm that the page may be left', async () => {
    await startAndLeave()
    // Meanwhile, the dialog stops all timers. After it, those that are due run before the requests are aborted.
    vi.setSystemTime(Date.now() + 60_000)
    vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 60_000)
    await settle()
    await lose()
    expect(started.reports).toEqual([])
  })

  it('A loss is not reported when the page has just been hidden permanently', async () => {
    started = start({ retry: { initialDelay: 5_000, jitter: 0 } })
    await settle()
    page.dispatchEvent(new Event('pagehide'))
    await lose()
    expect(started.reports).toEqual([])
  })

  it('Each navigation makes the next loss the first one again', async () => {
    await startAndLeave()
    for (let times = 0; times < 3; times++) {
      page.dispatchEvent(new Event('beforeunload'))
      await lose()
      await vi.advanceTimersByTimeAsync(1_000)
      started.latest.respond()
    }
    expect(started.reports).toEqual([['announce'], ['announce'], ['announce']])
  })

  it('A timeout and an end of the stream are reported as always', async () => {
    await startAndLeave()
    await vi.advanceTimersByTimeAsync(2_000)
    expect(started.reports).toEqual([['reestablish', 'timeout', 10_000]])
    await vi.advanceTimersByTimeAsync(10_000)
    endAfterMessage(started.latest)
    await settle()
    expect(started.reports.at(-1)).toEqual(['reestablish', 'ended', 5_000])
  })

  it('A lost connection is reported when the page stays', async () => {
    await startAndLeave()
    page.dispatchEvent(new Event('pageshow'))
    await lose()
    expect(started.reports).toEqual([['reestablish', 'network', 10_000]])
  })
})
