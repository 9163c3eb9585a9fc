import { getEventListeners } from 'node:events'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { readSettings } from '../src/options/settings.ts'
import { type Session, startSession } from '../src/session.ts'
import { useFakeTimers } from './fake-timers.ts'
import { ScriptedTransport } from './scripted-transport.ts'
import {
  anyCommand,
  type Command,
  idleTimeout,
  Model,
  openTimeout,
  type PageEvent,
  policy,
  type Reaction,
  retriedStatus,
  step,
} from './session-model.ts'
import { url } from './start-session.ts'

useFakeTimers()

const day = 86_400_000

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
      interrupted: ({ reason, delay, willReconnect }) =>
        this.#report(willReconnect ? `reestablish ${reason} ${delay}` : `fail ${reason}`),
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
      case 'report about an old request': {
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
          expect(vi.getTimerCount()).toBe(model.timers)
          // The page has six listeners, and a wait has one for `online`.
          const listeners = model.phase === 'waiting' ? 7 : 6
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
          rig.do({ command: 'report about an old request', index })
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
