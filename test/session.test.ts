import { getEventListeners } from 'node:events'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { ErrorDetails } from '../src/events.ts'
import type { AttemptContext, EventSourceInit } from '../src/options/event-source-init.ts'
import { readSettings } from '../src/options/settings.ts'
import { type Session, type SessionHandler, startSession } from '../src/session.ts'
import { type ScriptedRequest, ScriptedTransport } from './scripted-transport.ts'
import { uncaughtDuring } from './uncaught-during.ts'

const url = 'http://feed.example/'
const longestDelay = 2_147_483_647
const day = 86_400_000

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

async function settle(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0)
}

interface Started extends ScriptedTransport {
  readonly session: Session
  readonly reports: unknown[][]
  readonly interruptions: ErrorDetails[]
}

function start(init: EventSourceInit = {}, handler: Partial<SessionHandler> = {}): Started {
  const scripted = new ScriptedTransport()
  const reports: unknown[][] = []
  const interruptions: ErrorDetails[] = []
  const session = startSession(readSettings(url, init), scripted.transport, {
    announce: () => reports.push(['announce']),
    message: (type, data) => reports.push(['message', type, data, session.lastEventId]),
    interrupted: (details) => {
      interruptions.push(details)
      const { code, delay, willReconnect } = details
      reports.push(willReconnect ? ['reestablish', code, delay] : ['fail', code])
    },
    aborted: () => reports.push(['aborted']),
    ...handler,
  })
  return Object.assign(scripted, { session, reports, interruptions })
}

/** Responds with one message and ends the stream. */
function endAfterMessage(request: ScriptedRequest): void {
  request.respond()
  request.send('data: a\n\n')
  request.end()
}

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
      code: 'status',
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
      code: 'gave-up',
      status: undefined,
      headers: undefined,
      body: undefined,
      attempt: 2,
      willReconnect: false,
      delay: undefined,
    })
    expect(vi.getTimerCount()).toBe(0)
  })

  it('A session passes the context of each attempt to functions, with what ended the last one', async () => {
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
      { attempt: 1, failures: 0, lastEventId: '', previous: undefined },
      { attempt: 2, failures: 0, lastEventId: '7', previous: afterEnd },
      { attempt: 3, failures: 1, lastEventId: '7', previous: afterLoss },
    ])
    expect(afterEnd).toMatchObject({ code: 'ended', attempt: 1 })
    expect(afterLoss).toMatchObject({ code: 'network', attempt: 2 })
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
      expect(started.reports.at(-1)).toEqual(['reestablish', 'ended', longestDelay])
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
    expect(retry.mock.calls[0]?.[0].reconnectionTime).toBe(longestDelay)
  })

  it('A session stops reading while its user is behind', async () => {
    let resume = (): void => {}
    const ready = (): Promise<void> =>
      new Promise((resolve) => {
        resume = resolve
      })
    const started = start({}, { ready })
    await settle()
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

describe('A session can be closed by a function of its policy', () => {
  type Create = (close: () => void) => EventSourceInit['retry']
  const policies: [string, Create][] = [
    [
      'a retry function',
      (close) => () => {
        close()
        return 1_000
      },
    ],
    [
      'a function for statuses',
      (close) => ({
        statuses: () => {
          close()
          return true
        },
      }),
    ],
  ]

  it.each(policies)('A session reports nothing after it was closed by %s', async (_, create) => {
    const started: Started = start({ retry: create(() => started.session.close()) })
    await settle()
    started.latest.respond(503)
    started.latest.end()
    await settle()
    expect(vi.getTimerCount()).toBe(0)
    await vi.advanceTimersByTimeAsync(day)
    expect(started.reports).toEqual([])
    expect(started.requests).toHaveLength(1)
  })
})

describe('A session retries after a 401 with fresh headers', () => {
  /** Answers every request with 401, and returns the number of requests. */
  async function countRequests(headers: EventSourceInit['headers']): Promise<number> {
    const started = start({ headers })
    for (let times = 0; times < 5 && !started.session.closed; times++) {
      await settle()
      started.latest.respond(401)
      started.latest.end()
      await settle()
    }
    expect(started.reports.at(-1)).toEqual(['fail', 'status'])
    return started.requests.length
  }

  it('A 401 fails if the headers are always the same', async () => {
    expect(await countRequests({ Authorization: 'Bearer expired' })).toBe(1)
  })

  it('A 401 is retried at once if a function makes fresh headers, and fails the second time in a row', async () => {
    expect(await countRequests(() => ({ Authorization: 'Bearer expired' }))).toBe(2)
  })

  it('A 401 is retried at once every time that the headers had worked before', async () => {
    const started = start({ headers: () => ({}), retry: { initialDelay: 1, jitter: 0 } })
    for (let times = 0; times < 3; times++) {
      await settle()
      started.latest.respond(401)
      started.latest.end()
      await settle()
      endAfterMessage(started.latest)
      await vi.advanceTimersByTimeAsync(1)
    }
    started.session.close()
    expect(started.requests).toHaveLength(7)
    expect(started.interruptions.map(({ code, delay }) => [code, delay])).toEqual(
      Array.from({ length: 3 }, () => [
        ['status', 0],
        ['ended', 1],
      ]).flat(),
    )
  })
})

describe('A session counts failures in a row', () => {
  /** Returns the delays after streams that were open for this time without a message. */
  async function delaysAfter(milliseconds: number, retry: EventSourceInit['retry']): Promise<unknown[]> {
    const started = start({ retry })
    await settle()
    for (let times = 0; times < 3; times++) {
      started.latest.respond()
      await vi.advanceTimersByTimeAsync(milliseconds)
      started.latest.end()
      await settle()
      started.session.reconnect()
      await settle()
    }
    started.session.close()
    return started.interruptions.map(({ delay }) => delay)
  }

  it('A response alone does not reset the count of failures', async () => {
    expect(await delaysAfter(9_999, { jitter: 0 })).toEqual([6_000, 12_000, 24_000])
    expect(await delaysAfter(99, { jitter: 0, resetAfter: 100 })).toEqual([6_000, 12_000, 24_000])
  })

  it('A stream that was open for resetAfter resets the count of failures', async () => {
    expect(await delaysAfter(10_000, { jitter: 0 })).toEqual([3_000, 3_000, 3_000])
    expect(await delaysAfter(100, { jitter: 0, resetAfter: 100 })).toEqual([3_000, 3_000, 3_000])
  })

  it('A response resets the count of failures if resetAfter is 0', async () => {
    expect(await delaysAfter(0, { jitter: 0, resetAfter: 0 })).toEqual([3_000, 3_000, 3_000])
  })

  it('A retry function receives the count of failures', async () => {
    const count = ({ failures }: { readonly failures: number }): number => failures
    expect(await delaysAfter(9_999, count)).toEqual([1, 2, 3])
    expect(await delaysAfter(10_000, count)).toEqual([0, 0, 0])
  })
})

describe('A session with a one-shot body makes one request', () => {
  const createInit = (): EventSourceInit => ({ method: 'POST', body: new Blob(['a']).stream(), retry: { jitter: 0 } })

  it('A one-shot body ends the session when the connection is lost', async () => {
    const error = new Error('reset')
    const started = start(createInit())
    await settle()
    started.latest.respond()
    started.latest.lose(error)
    await vi.advanceTimersByTimeAsync(day)
    expect(started.reports).toEqual([['announce'], ['fail', 'body-used']])
    expect(started.interruptions[0]).toMatchObject({ willReconnect: false, delay: undefined, error })
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

// The rest of this file chooses anything that the server, the network, the user and the clock can do, in any order, and
// compares the session with a model of it: the smallest description of what must happen.

const policy = { initialDelay: 1_000, maxDelay: 8_000, factor: 2, jitter: 0, maxAttempts: 4, resetAfter: 3_000 }
const retriedStatus = 503
const openTimeout = 5_000
const idleTimeout = 20_000
/** The unit of all times in the model. */
const step = 500

type Reaction = 'close' | 'reconnect' | 'abort'

type Command =
  | { readonly command: 'respond'; readonly status: number; readonly retryAfter: string }
  | {
      readonly command: 'send'
      readonly id: string | undefined
      readonly data: string | undefined
      readonly isComplete: boolean
    }
  | { readonly command: 'retry'; readonly milliseconds: number }
  | { readonly command: 'end' | 'lose' | 'refuse' | Reaction | PageEvent }
  /** Everything that a connection can do for a request that is over. */
  | { readonly command: 'go on about an old request'; readonly index: number }
  | { readonly command: 'advance'; readonly steps: number }
  /** The user's code reacts to the next report, or during the next call of the headers function. */
  | { readonly command: 'react to the next report' | 'react in the headers function'; readonly reaction: Reaction }

/** Events of the page, and of the network around it. */
type PageEvent = 'pagehide' | 'pageshow' | 'freeze' | 'resume' | 'hide' | 'show' | 'online'

const anyReaction = fc.constantFrom<Reaction>('close', 'reconnect', 'abort')
const anyCommand: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 14,
    arbitrary: fc.record({
      command: fc.constant('respond' as const),
      status: fc.oneof({ weight: 5, arbitrary: fc.constant(200) }, fc.constantFrom(204, 401, 401, retriedStatus, 404)),
      retryAfter: fc.constantFrom('', '', '5', '12'),
    }),
  },
  {
    weight: 12,
    arbitrary: fc.record({
      command: fc.constant('send' as const),
      id: fc.constantFrom(undefined, '', '1', '2', 'ü'),
      data: fc.constantFrom(undefined, 'a', 'b', 'c'),
      isComplete: fc.boolean(),
    }),
  },
  fc.record({
    command: fc.constant('retry' as const),
    milliseconds: fc.constantFrom(0, 500, 2_500, 10_000, 99_999_999_999),
  }),
  { weight: 3, arbitrary: fc.record({ command: fc.constant('end' as const) }) },
  { weight: 3, arbitrary: fc.record({ command: fc.constant('lose' as const) }) },
  fc.record({ command: fc.constantFrom('refuse' as const, 'close' as const, 'abort' as const) }),
  { weight: 2, arbitrary: fc.record({ command: fc.constant('reconnect' as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      command: fc.constantFrom<PageEvent>('pagehide', 'pageshow', 'freeze', 'resume', 'hide', 'show', 'show', 'online'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ command: fc.constant('go on about an old request' as const), index: fc.nat(10) }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ command: fc.constant('advance' as const), steps: fc.integer({ min: 1, max: 20 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ command: fc.constant('advance' as const), steps: fc.integer({ min: 30, max: 50 }) }),
  },
  fc.record({
    command: fc.constantFrom('react to the next report' as const, 'react in the headers function' as const),
    reaction: anyReaction,
  }),
)

class Model {
  phase: 'not begun' | 'requesting' | 'refused' | 'open' | 'waiting' | 'away' | 'over' = 'not begun'
  readonly log: string[] = []
  lastEventId = ''
  requests = 0
  #now = 0
  /** The time at which the phase ends by itself. */
  #due = Infinity
  #attempt = 0
  #failures = 0
  #worked = false
  #openedAt = Infinity
  #status: number | undefined
  #previousStatus: number | undefined
  #retryAfter = 0
  #serverReconnectionTime: number | undefined
  #block: { id: string | undefined; data: string[] } = { id: undefined, data: [] }
  #reactToReport: Reaction | undefined
  #reactInHeaders: Reaction | undefined
  #isSuspended = false
  #isHidden = false

  get isRequestOpen(): boolean {
    return this.phase === 'requesting' || this.phase === 'refused' || this.phase === 'open'
  }

  /** Performs everything that needs no time to pass, after promises have settled. */
  settle(): void {
    if (this.phase === 'not begun') this.#begin()
    this.#expire()
  }

  do(given: Command): void {
    switch (given.command) {
      case 'respond':
        if (this.phase === 'requesting') this.#respond(given.status, Number(given.retryAfter) * 1_000)
        return
      case 'send':
        if (this.phase === 'open') this.#receive(given)
        return
      case 'retry':
        if (this.phase !== 'open') return
        this.#due = this.#now + idleTimeout
        this.#serverReconnectionTime = Math.min(given.milliseconds, longestDelay)
        return
      case 'end':
        if (this.phase === 'requesting' || this.phase === 'open') this.#interrupt('ended')
        else if (this.phase === 'refused') this.#interrupt('status')
        return
      case 'lose':
        if (this.phase === 'requesting' || this.phase === 'open') this.#interrupt('network')
        else if (this.phase === 'refused') this.#interrupt('status')
        return
      case 'refuse':
        if (this.phase === 'requesting') this.#interrupt('redirect')
        return
      case 'advance':
        this.settle()
        for (let count = 0; count < given.steps; count++) {
          this.#now += step
          this.#expire()
        }
        return
      case 'react to the next report':
        this.#reactToReport = given.reaction
        return
      case 'react in the headers function':
        this.#reactInHeaders = given.reaction
        return
      case 'go on about an old request':
        return
      case 'close':
      case 'reconnect':
      case 'abort':
        this.#react(given.command)
        return
      case 'online':
        if (this.phase === 'waiting') this.#begin()
        return
      case 'hide':
      case 'show':
        this.#isHidden = given.command === 'hide'
        this.#attend()
        return
      default:
        this.#isSuspended = given.command === 'pagehide' || given.command === 'freeze'
        this.#attend()
    }
  }

  get #isAway(): boolean {
    return this.#isSuspended || this.#isHidden
  }

  /** Ends the connection when the page goes away, and starts another one when it is back. */
  #attend(): void {
    if (this.#isAway === (this.phase === 'away')) return
    this.#react('reconnect')
  }

  #report(line: string): void {
    this.log.push(line)
    const reaction = this.#reactToReport
    this.#reactToReport = undefined
    this.#react(reaction)
  }

  #react(reaction: Reaction | undefined): void {
    if (reaction === undefined || this.phase === 'over') return
    if (reaction === 'reconnect') {
      if (this.phase === 'not begun') return
      if (this.isRequestOpen && this.#hasWorked()) this.#failures = 0
      this.#begin()
      return
    }
    this.phase = 'over'
    if (reaction === 'abort') this.#report('aborted')
  }

  #hasWorked(): boolean {
    return this.#worked || this.#now - this.#openedAt >= policy.resetAfter
  }

  #begin(): void {
    if (this.#isAway) {
      this.phase = 'away'
      this.#due = Infinity
      return
    }
    this.#attempt++
    this.#worked = false
    this.#openedAt = Infinity
    this.#status = undefined
    this.#retryAfter = 0
    this.#block = { id: undefined, data: [] }
    this.phase = 'requesting'
    this.#due = this.#now + openTimeout
    this.log.push(`attempt ${this.#attempt} after ${this.#failures} failures`)
    const reaction = this.#reactInHeaders
    this.#reactInHeaders = undefined
    this.#react(reaction)
    if (reaction === undefined) this.requests++
  }

  #respond(status: number, retryAfter: number): void {
    this.#status = status
    this.#retryAfter = retryAfter
    if (status !== 200) {
      this.phase = 'refused'
      this.#due = this.#now + 1_000
      return
    }
    this.phase = 'open'
    this.#openedAt = this.#now
    this.#due = this.#now + idleTimeout
    this.#report('announce')
  }

  #receive({ id, data, isComplete }: Extract<Command, { command: 'send' }>): void {
    this.#due = this.#now + idleTimeout
    const block = this.#block
    if (id !== undefined) block.id = id
    if (data !== undefined) block.data.push(data)
    if (!isComplete) return
    this.#block = { id: undefined, data: [] }
    this.lastEventId = block.id ?? this.lastEventId
    if (!block.data.length) return
    this.#worked = true
    this.#report(`message ${block.data.join('+')} ${this.lastEventId}`)
  }

  /** Performs everything that is due now, and what follows without a delay. */
  #expire(): void {
    while (this.phase !== 'over' && this.#due <= this.#now) {
      if (this.phase === 'requesting') this.#interrupt('timeout')
      else if (this.phase === 'refused') this.#interrupt('status')
      else if (this.phase === 'open') this.#interrupt('idle')
      else this.#begin()
    }
  }

  #interrupt(code: string): void {
    this.#failures = this.#hasWorked() ? 0 : this.#failures + 1
    const isRetried = code !== 'redirect' && (code !== 'status' || this.#status === retriedStatus)
    const isRefreshed = this.#status === 401 && this.#previousStatus !== 401
    let delay = 0
    if (!isRefreshed) {
      if (!isRetried || this.#failures >= policy.maxAttempts) {
        this.phase = 'over'
        this.#report(`fail ${isRetried ? 'gave-up' : code}`)
        return
      }
      const reconnectionTime = this.#serverReconnectionTime ?? policy.initialDelay
      const backoff = Math.min(policy.maxDelay, Math.max(reconnectionTime, 1) * policy.factor ** this.#failures)
      delay = Math.max(this.#failures ? backoff : reconnectionTime, this.#serverReconnectionTime ?? 0, this.#retryAfter)
    }
    this.#previousStatus = this.#status
    this.phase = 'waiting'
    this.#due = this.#now + delay
    this.#report(`reestablish ${code} ${delay}`)
  }
}

/** A mock of the page that a session sees, because Node has none. Real pages are tested in test/lifecycle. */
class Page {
  readonly #target = new EventTarget()
  readonly document = { hidden: false }
  /** All listeners, by type. */
  readonly #listeners = new Map<string, Set<unknown>>()

  constructor() {
    vi.stubGlobal('document', this.document)
    vi.stubGlobal('addEventListener', (...given: Parameters<EventTarget['addEventListener']>) => {
      const [type, listener] = given
      this.#listeners.set(type, new Set([...(this.#listeners.get(type) ?? []), listener]))
      this.#target.addEventListener(...given)
    })
    vi.stubGlobal('removeEventListener', (...given: Parameters<EventTarget['removeEventListener']>) => {
      const [type, listener] = given
      this.#listeners.get(type)?.delete(listener)
      this.#target.removeEventListener(...given)
    })
  }

  get listeners(): number {
    return [...this.#listeners.values()].reduce((count, { size }) => count + size, 0)
  }

  dispatch(event: PageEvent): void {
    if (event === 'hide' || event === 'show') this.document.hidden = event === 'hide'
    const type = event === 'hide' || event === 'show' ? 'visibilitychange' : event
    this.#target.dispatchEvent(Object.assign(new Event(type), { persisted: event === 'pagehide' }))
  }
}

/** The session with everything around it under control of the test. */
class Rig {
  readonly log: string[] = []
  readonly page = new Page()
  readonly scripted = new ScriptedTransport()
  readonly controller = new AbortController()
  readonly session: Session
  #reactToReport: Reaction | undefined
  #reactInHeaders: Reaction | undefined

  constructor() {
    const { signal } = this.controller
    const settings = readSettings(url, {
      retry: { ...policy, statuses: [retriedStatus] },
      openTimeout,
      idleTimeout,
      signal,
      pauseWhenHidden: true,
      headers: ({ attempt, failures, lastEventId }) => {
        expect(lastEventId).toBe(this.session.lastEventId)
        this.log.push(`attempt ${attempt} after ${failures} failures`)
        const reaction = this.#reactInHeaders
        this.#reactInHeaders = undefined
        this.#react(reaction)
        return {}
      },
    })
    this.session = startSession(settings, this.scripted.transport, {
      announce: () => this.#report('announce'),
      message: (_type, data) => this.#report(`message ${data.replaceAll('\n', '+')} ${this.session.lastEventId}`),
      interrupted: ({ code, delay, willReconnect }) =>
        this.#report(willReconnect ? `reestablish ${code} ${delay}` : `fail ${code}`),
      aborted: () => this.#report('aborted'),
    })
  }

  get openRequests(): number {
    return this.scripted.requests.filter(({ isOpen }) => isOpen).length
  }

  get signalListeners(): number {
    return getEventListeners(this.controller.signal, 'abort').length
  }

  do(given: Command): void {
    const request = this.scripted.requests.at(-1)
    switch (given.command) {
      case 'respond':
        request?.respond(given.status, { 'Content-Type': 'text/event-stream', 'Retry-After': given.retryAfter })
        return
      case 'send':
        request?.send(
          [
            given.id === undefined ? '' : `id: ${given.id}\n`,
            given.data === undefined ? '' : `data: ${given.data}\n`,
            given.isComplete ? '\n' : '',
          ].join(''),
        )
        return
      case 'retry':
        request?.send(`retry: ${given.milliseconds}\n`)
        return
      case 'end':
        request?.end()
        return
      case 'lose':
        request?.lose(new Error('reset'))
        return
      case 'refuse':
        request?.refuse('redirect', 'a redirect')
        return
      case 'go on about an old request': {
        const over = this.scripted.requests.filter(({ isOpen }) => !isOpen)
        const old = over[given.index % over.length]
        old?.respond()
        old?.send('id: old\nretry: 1\ndata: old\n\n')
        old?.refuse('unsupported', 'too late')
        old?.lose(new Error('too late'))
        return
      }
      case 'react to the next report':
        this.#reactToReport = given.reaction
        return
      case 'react in the headers function':
        this.#reactInHeaders = given.reaction
        return
      case 'advance':
        return
      case 'close':
      case 'reconnect':
      case 'abort':
        this.#react(given.command)
        return
      default:
        this.page.dispatch(given.command)
    }
  }

  #report(line: string): void {
    this.log.push(line)
    const reaction = this.#reactToReport
    this.#reactToReport = undefined
    this.#react(reaction)
  }

  #react(reaction: Reaction | undefined): void {
    if (reaction === 'abort') this.controller.abort()
    else if (reaction) this.session[reaction]()
  }
}

/** Lets promises settle and timers without a delay run, faster than vitest's own functions. */
async function settleQuickly(): Promise<void> {
  for (let round = 0; round < 2; round++) {
    for (let turn = 0; turn < 25; turn++) await Promise.resolve()
    vi.advanceTimersByTime(0)
  }
  for (let turn = 0; turn < 25; turn++) await Promise.resolve()
}

async function advance(steps: number): Promise<void> {
  await settleQuickly()
  for (let count = 0; count < steps; count++) {
    vi.advanceTimersByTime(step)
    await settleQuickly()
  }
}

describe('A session behaves like its model in any order of events', () => {
  /** A request can be sent only by a session that is not over, and commands for other requests have no effect. */
  function isMeaningful(model: Model, { command }: Command): boolean {
    if (command === 'respond' || command === 'refuse') return model.phase === 'requesting'
    if (command === 'send' || command === 'retry') return model.phase === 'open'
    if (command === 'end' || command === 'lose') return model.isRequestOpen
    return true
  }

  it('The session does what the model does, with at most one request at a time, and leaves nothing behind', {
    timeout: 240_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyCommand, { maxLength: 40, size: 'max' }), async (commands) => {
        vi.clearAllTimers()
        const model = new Model()
        const rig = new Rig()
        const compare = (): void => {
          expect(rig.log).toEqual(model.log)
          expect(rig.session.lastEventId).toBe(model.lastEventId)
          expect(rig.session.closed).toBe(model.phase === 'over')
          expect(rig.scripted.requests).toHaveLength(model.requests)
          expect(rig.openRequests).toBe(model.isRequestOpen ? 1 : 0)
          expect(rig.signalListeners).toBe(model.phase === 'over' ? 0 : 1)
          expect(vi.getTimerCount()).toBe(model.phase === 'over' || model.phase === 'away' ? 0 : 1)
          // The page has five listeners, and a wait has one for `online`.
          const listeners = model.phase === 'waiting' ? 6 : 5
          expect(rig.page.listeners).toBe(model.phase === 'over' ? 0 : listeners)
        }
        for (const command of commands) {
          // A transport follows the order that its interface promises.
          if (!isMeaningful(model, command)) continue
          rig.do(command)
          if (command.command === 'advance') await advance(command.steps)
          await settleQuickly()
          model.do(command)
          model.settle()
          compare()
        }
        rig.session.close()
        model.do({ command: 'close' })
        const reported = rig.log.length
        for (let index = 0; index < rig.scripted.requests.length; index++) {
          rig.do({ command: 'go on about an old request', index })
        }
        rig.session.reconnect()
        await settleQuickly()
        vi.advanceTimersByTime(day)
        await settleQuickly()
        compare()
        expect(rig.log).toHaveLength(reported)
      }),
      { numRuns: 600 },
    )
  })
})
