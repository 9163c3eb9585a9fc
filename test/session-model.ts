import fc from 'fast-check'

const maxTimerDelay = 2_147_483_647

/*
 * A model of a session: the smallest description of what must happen after anything that the server, the network, the
 * user and the clock can do, in any order.
 */

export const policy = { initialDelay: 1_000, maxDelay: 8_000, factor: 2, jitter: 0, maxAttempts: 4, resetAfter: 3_000 }
export const retriedStatus = 503
export const openTimeout = 5_000
export const idleTimeout = 20_000
/** The unit of all times in the model. */
export const step = 500

export type Reaction = 'close' | 'reconnect' | 'abort'

export type Command =
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
  | { readonly command: 'report about an old request'; readonly index: number }
  | { readonly command: 'advance'; readonly steps: number }
  /** The user's code reacts to the next report, or during the next call of the headers function. */
  | { readonly command: 'react to the next report' | 'react in the headers function'; readonly reaction: Reaction }

/** Events of the page, and of the network around it. */
export type PageEvent = 'pagehide' | 'pageshow' | 'freeze' | 'resume' | 'hide' | 'show' | 'online'

const anyReaction = fc.constantFrom<Reaction>('close', 'reconnect', 'abort')
export const anyCommand: fc.Arbitrary<Command> = fc.oneof(
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
    arbitrary: fc.record({ command: fc.constant('report about an old request' as const), index: fc.nat(10) }),
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

export class Model {
  phase: 'not begun' | 'requesting' | 'refused' | 'open' | 'waiting' | 'away' | 'over' = 'not begun'
  readonly log: string[] = []
  lastEventId = ''
  requests = 0
  #now = 0
  /** The time at which the phase ends without another event. */
  #due = Infinity
  /** The delay before the next attempt. */
  #delay = 0
  #attempt = 0
  #failures = 0
  #worked = false
  #openedAt = Infinity
  #status: number | undefined
  /** Whether an attempt has ended in status 401 since one opened. */
  #wasUnauthorized = false
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

  /** The number of timers: a deadline, or the end of a wait and, if it is longer than a second, the watch for sleep. */
  get timers(): number {
    if (this.phase === 'over' || this.phase === 'away') return 0
    return this.phase === 'waiting' && this.#delay > 1_000 ? 2 : 1
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
        this.#serverReconnectionTime = Math.min(given.milliseconds, maxTimerDelay)
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
      case 'report about an old request':
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
    this.#wasUnauthorized = false
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

  #interrupt(reason: string): void {
    this.#failures = this.#hasWorked() ? 0 : this.#failures + 1
    const isRetried = reason !== 'redirect' && (reason !== 'status' || this.#status === retriedStatus)
    const isRefreshed = this.#status === 401 && !this.#wasUnauthorized
    let delay = 0
    if (!isRefreshed) {
      if (!isRetried || this.#failures >= policy.maxAttempts) {
        this.phase = 'over'
        this.#report(`fail ${isRetried ? 'gave-up' : reason}`)
        return
      }
      const reconnectionTime = this.#serverReconnectionTime ?? policy.initialDelay
      const backoff = Math.min(policy.maxDelay, Math.max(reconnectionTime, 1) * policy.factor ** this.#failures)
      delay = Math.max(this.#failures ? backoff : reconnectionTime, this.#serverReconnectionTime ?? 0, this.#retryAfter)
    }
    this.#wasUnauthorized ||= this.#status === 401
    this.phase = 'waiting'
    this.#due = this.#now + delay
    this.#delay = delay
    this.#report(`reestablish ${reason} ${delay}`)
  }
}
