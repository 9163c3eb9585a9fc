import type { ErrorDetails } from '../../src/events.ts'
import type { EventSourceInit } from '../../src/options/event-source-init.ts'
import { readSettings } from '../../src/options/settings.ts'
import type { Session } from '../../src/session.ts'
import { startSharedSession } from '../../src/shared/shared-session.ts'
import type { Signal, Transport, TransportHandler } from '../../src/transport/transport.ts'

/*
 * Tabs of one origin, their locks and channels, and a server, as a simulation: the order in which a browser delivers
 * messages, grants locks and notices that a tab is gone cannot be chosen with a real one. What happens takes place one step
 * at a time. A message goes from its tab to the browser, which passes it on to all tabs or to none, and all that it passes
 * on in the same order; locks and the network are ways of their own.
 */

/** Something that may happen next. */
type Step = () => void

/** What is under way between two parties, in order. */
class Line {
  readonly steps: Step[] = []
}

/** A platform gives every tab locks and channels that are its own, so that a tab can be lost as a whole. */
export class Simulation {
  readonly tabs: SimulatedTab[] = []
  /** Whether event n has the ID n; otherwise events have no ID, and the server sends only what is new. */
  readonly hasIds: boolean
  /** How many events the server has had so far. */
  events = 0
  /** The status of further responses; undefined if none comes. */
  status: number | undefined = 200
  /** Whose code runs. */
  current: SimulatedTab | undefined
  readonly #lines = new Map<string, Line>()
  /** Who holds the lock, and who waits for it. */
  #holder: LockRequest | undefined
  #waiting: LockRequest[] = []

  constructor(hasIds = true) {
    this.hasIds = hasIds
  }

  open(replay = 0, init: EventSourceInit = {}): SimulatedTab {
    const tab = new SimulatedTab(this, String(this.tabs.length), replay, init)
    this.tabs.push(tab)
    tab.start()
    return tab
  }

  get living(): SimulatedTab[] {
    return this.tabs.filter(({ isLost }) => !isLost)
  }

  get leader(): SimulatedTab | undefined {
    return this.#holder?.tab
  }

  /** Has a tab that waits for the lock wait behind all others. */
  requeue(tab: SimulatedTab): void {
    const isOf = (request: LockRequest): boolean => request.tab === tab
    this.#waiting = [...this.#waiting.filter((request) => !isOf(request)), ...this.#waiting.filter(isOf)]
  }

  /** What may happen now. */
  get steps(): Step[] {
    const steps: Step[] = []
    for (const [name, { steps: waiting }] of this.#lines) {
      const [step] = waiting
      const [sender, receiver] = name.split(' ').map((tab) => this.tabs[Number(tab)])
      if (step && !receiver?.stands && !(name.endsWith(' browser') && sender?.isHung)) {
        steps.push(() => {
          waiting.shift()
          step()
        })
      }
    }
    return steps
  }

  /** Has something happen at a tab later, after what comes from the same sender. */
  later(from: string, tab: SimulatedTab, step: Step): void {
    const name = `${from} ${tab.name}`
    const line = this.#lines.get(name) ?? new Line()
    this.#lines.set(name, line)
    line.steps.push(() => tab.run(step))
  }

  broadcast(sender: SimulatedTab, message: unknown): void {
    const name = `${sender.name} browser`
    const line = this.#lines.get(name) ?? new Line()
    this.#lines.set(name, line)
    line.steps.push(() => {
      for (const other of this.living) {
        if (other === sender) continue
        const channels = other.channels
        this.later('browser', other, () => {
          for (const channel of channels) channel.receive(message)
        })
      }
    })
  }

  publish(): void {
    this.events++
    for (const tab of this.tabs) tab.connection?.proceed()
  }

  /** The browser notices that a tab is gone: of what has not come to the browser, only the first messages still come. */
  lose(tab: SimulatedTab, coming: number): void {
    tab.isLost = true
    this.#lines.get(`${tab.name} browser`)?.steps.splice(coming)
    this.#waiting = this.#waiting.filter((request) => request.tab !== tab)
    if (this.#holder?.tab === tab) this.#release(this.#holder)
  }

  request(tab: SimulatedTab, options: LockOptions, callback: () => unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const request: LockRequest = { tab, callback, resolve, reject }
      options.signal?.addEventListener('abort', () => {
        if (!this.#waiting.includes(request)) return
        this.#waiting = this.#waiting.filter((waiting) => waiting !== request)
        reject(options.signal?.reason)
      })
      if (options.steal) {
        const robbed = this.#holder
        this.#holder = undefined
        if (robbed) this.later('locks', robbed.tab, () => robbed.reject(new DOMException('stolen', 'AbortError')))
        this.#waiting.unshift(request)
      } else this.#waiting.push(request)
      this.#grant()
    })
  }

  #grant(): void {
    if (this.#holder) return
    const next = this.#waiting.shift()
    this.#holder = next
    if (!next) return
    this.later('locks', next.tab, async () => {
      next.resolve(await next.callback())
      this.#release(next)
    })
  }

  #release(request: LockRequest): void {
    if (this.#holder !== request) return
    this.#holder = undefined
    this.#grant()
  }
}

interface LockRequest {
  readonly tab: SimulatedTab
  readonly callback: () => unknown
  readonly resolve: (value: unknown) => void
  readonly reject: (reason: unknown) => void
}

/** A response of the server's, which brings one event at a time. */
class Connection {
  readonly #simulation: Simulation
  readonly #tab: SimulatedTab
  readonly #handler: TransportHandler
  readonly #signal: Signal
  readonly end: () => void
  #next: number

  constructor(
    simulation: Simulation,
    tab: SimulatedTab,
    handler: TransportHandler,
    signal: Signal,
    next: number,
    end: () => void,
  ) {
    this.#simulation = simulation
    this.#tab = tab
    this.#handler = handler
    this.#signal = signal
    this.#next = next
    this.end = end
  }

  open(): void {
    const { status } = this.#simulation
    if (status === undefined) return
    const contentType = 'text/event-stream'
    const headers = new Headers({ 'Content-Type': contentType })
    this.#later(() => this.#handler.response({ url: 'http://feed.example/', status, headers, contentType }))
    if (status === 200) this.proceed()
    else this.drop()
  }

  proceed(): void {
    while (this.#next <= this.#simulation.events) {
      const number = this.#next++
      const id = this.#simulation.hasIds ? `id: ${number}\n` : ''
      const bytes = new TextEncoder().encode(`${id}data: ${number}\n\n`)
      this.#later(() => this.#handler.bytes(bytes))
    }
  }

  drop(): void {
    this.#later(this.end)
  }

  #later(step: Step): void {
    this.#simulation.later('server', this.#tab, () => {
      if (!this.#signal.aborted) step()
    })
  }
}

export class SimulatedTab {
  readonly name: string
  /** The events that it has dispatched. */
  readonly seen: number[] = []
  readonly interruptions: ErrorDetails[] = []
  isLost = false
  /** Nothing reaches it, and no timer of its fires; it does not know. */
  isHung = false
  /** The same, in the back/forward cache. */
  isSuspended = false
  /** What the events of its page are dispatched to. */
  readonly page = new EventTarget()
  connection: Connection | undefined
  opened = 0
  dropped = 0
  requests = 0
  readonly #simulation: Simulation
  readonly #replay: number
  readonly #init: EventSourceInit
  #channels: readonly SimulatedChannel[] = []
  #session: Session | undefined

  constructor(simulation: Simulation, name: string, replay: number, init: EventSourceInit) {
    this.name = name
    this.#simulation = simulation
    this.#replay = replay
    this.#init = init
  }

  get session(): Session {
    if (!this.#session) throw new Error('the tab has not been started')
    return this.#session
  }

  get channels(): readonly SimulatedChannel[] {
    return this.#channels
  }

  get stands(): boolean {
    return this.isHung || this.isSuspended
  }

  /** Runs code as that of this tab. */
  run(code: () => void): void {
    if (this.isLost) return
    this.#simulation.current = this
    code()
  }

  suspend(): void {
    this.run(() => this.page.dispatchEvent(Object.assign(new Event('pagehide'), { persisted: true })))
    this.isSuspended = true
  }

  restore(): void {
    this.isSuspended = false
    this.run(() => this.page.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true })))
  }

  start(): void {
    const { setInterval } = globalThis
    globalThis.setInterval = ((look: () => void, delay: number) =>
      setInterval(() => this.stands || this.run(look), delay)) as typeof setInterval
    this.run(() => this.#start())
    globalThis.setInterval = setInterval
  }

  #start(): void {
    const settings = {
      ...readSettings('http://feed.example/', { retry: { initialDelay: 0 }, ...this.#init }),
      replay: this.#replay,
    }
    const tab = this
    const simulation = this.#simulation
    this.#session = startSharedSession(
      'name',
      settings,
      this.#transport,
      {
        announce: () => {
          this.opened++
        },
        message: (_type, data) => {
          if (!this.isLost) this.seen.push(Number(data))
        },
        dropped: () => {
          this.dropped++
        },
        interrupted: (details) => {
          this.interruptions.push(details)
        },
      },
      {
        locks: {
          request: (_name: string, options: LockOptions, callback: () => unknown) =>
            tab.isLost ? new Promise(() => {}) : simulation.request(tab, options, callback),
        } as LockManager,
        BroadcastChannel: class extends SimulatedChannel {
          constructor() {
            super(simulation, tab)
            tab.#channels = [...tab.#channels, this]
          }
        } as unknown as typeof BroadcastChannel,
        refused() {
          throw new Error('nobody refused')
        },
      },
    )
  }

  forget(channel: SimulatedChannel): void {
    this.#channels = this.#channels.filter((other) => other !== channel)
  }

  readonly #transport: Transport = ({ headers, signal }, handler) =>
    new Promise((resolve) => {
      this.requests++
      const next = Number(headers.get('last-event-id') ?? this.#simulation.events) + 1
      const connection = new Connection(this.#simulation, this, handler, signal, next, resolve)
      this.connection = connection
      signal.onabort = () => {
        if (this.connection === connection) this.connection = undefined
      }
      connection.open()
    })
}

class SimulatedChannel {
  onmessage: ((event: { data: unknown }) => void) | undefined
  #isClosed = false
  readonly #simulation: Simulation
  readonly #tab: SimulatedTab

  constructor(simulation: Simulation, tab: SimulatedTab) {
    this.#simulation = simulation
    this.#tab = tab
  }

  postMessage(message: unknown): void {
    if (!this.#tab.isLost) this.#simulation.broadcast(this.#tab, structuredClone(message))
  }

  receive(data: unknown): void {
    if (!this.#isClosed) this.onmessage?.({ data })
  }

  close(): void {
    this.#isClosed = true
    this.#tab.forget(this)
  }
}
