import { vi } from 'vitest'
import type { ErrorDetails } from '../../src/events.ts'
import type { EventSourceInit } from '../../src/options/event-source-init.ts'
import { readSettings } from '../../src/options/settings.ts'
import type { Session } from '../../src/session.ts'
import { SharedSession } from '../../src/shared/session.ts'
import type { Signal, Transport, TransportHandler } from '../../src/transport/transport.ts'

/*
 * A simulation of the tabs of one origin, of their locks and channels, and of a server. With real browsers, a test cannot
 * choose the order in which messages are delivered, locks are granted and lost tabs are noticed. Here everything happens
 * one step at a time. A message goes from its tab to the browser, which passes it on to all other tabs or to none, and
 * passes on all messages in the same order. Locks and the network are independent of that order.
 */

/** Something that can happen next. */
type Step = () => void

/** How a tab is opened. */
export interface TabOptions {
  readonly replay?: number
  readonly init?: EventSourceInit
  /** The page that the tab's source is in. By default, it has its own page. */
  readonly page?: SimulatedPage
}

/** The page of one or more sources. What its document and its window would dispatch, `dispatch` does. */
export class SimulatedPage {
  /** Whether the page is frozen or in the back/forward cache: its timers do not fire, and nothing reaches it. */
  isSuspended = false
  readonly document = { hidden: false }
  readonly sessions = new Set<SharedSession>()
  readonly #listeners = new Map<string, Set<(event: Event) => void>>()

  addEventListener(type: string, listener: (event: Event) => void): void {
    this.#listeners.set(type, (this.#listeners.get(type) ?? new Set()).add(listener))
  }

  removeEventListener(type: string, listener: (event: Event) => void): void {
    this.#listeners.get(type)?.delete(listener)
  }

  dispatch(type: string, members: { persisted?: boolean; isTrusted?: boolean } = {}): void {
    for (const call of this.#calls(type, members)) call()
  }

  /** Puts the page into the back/forward cache. As in a browser, microtasks run between two listeners. */
  async leave(): Promise<void> {
    for (const call of this.#calls('pagehide', { persisted: true })) {
      call()
      await settle()
    }
    this.isSuspended = true
  }

  #calls(type: string, members: object): (() => void)[] {
    // Those that a script creates are not trusted.
    const event = { type, target: this, isTrusted: true, ...members } as unknown as Event
    return [...(this.#listeners.get(type) ?? [])].map((listener) => () => listener(event))
  }
}

export interface SimulationOptions {
  /**
   * Which events have IDs. The server sends those without one only when they are new. If some have IDs, it also sends one
   * without an ID on every connection.
   * - `batches`: three events that are sent together have the same one
   * - `checkpoints`: after three events that are sent together, a block has only an ID, which is that of all three
   * - `reset`: after the first event, a block with an empty ID. A request without an ID gets the events since then, and the
   *   server does not know the ID from before.
   * - `greetings`: every connection begins with a block that has only the ID after which it resumes
   * @default 'all'
   */
  readonly ids?: 'all' | 'some' | 'none' | 'batches' | 'checkpoints' | 'reset' | 'greetings'
  /**
   * Whether the server sends all events to a request without an ID. Otherwise it sends only new ones.
   * @default false
   */
  readonly startsOver?: boolean
  /**
   * Whether the browser passes on messages in the same order to all tabs. Otherwise only those from one tab to another one
   * are in order: WebKit passes on messages within a process directly, and others through another process.
   * @default true
   */
  readonly isOrdered?: boolean
}

/** The tabs, the browser and the server. */
export class Simulation {
  readonly tabs: SimulatedTab[] = []
  readonly #ids: SimulationOptions['ids']
  readonly #isOrdered: boolean
  readonly #startsOver: boolean
  /** The number of events that the server has published so far. */
  eventCount = 0
  /** The status of further responses; undefined if the server does not respond. */
  status: number | undefined = 200
  /** Whether a tab has connected that is not the leader. */
  hasOwnConnections = false
  /** The tab whose code runs. */
  #current: SimulatedTab | undefined
  /** What is under way between two parties, in order, by the names of the two. */
  readonly #queues = new Map<string, Step[]>()
  #lockHolder: LockRequest | undefined
  #lockQueue: LockRequest[] = []

  constructor({ ids = 'all', isOrdered = true, startsOver = false }: SimulationOptions = {}) {
    this.#ids = ids
    this.#startsOver = startsOver
    this.#isOrdered = isOrdered
  }

  /** Whether the event with this number has an ID, which is its number. */
  hasId(event: number): boolean {
    return this.#ids !== 'none' && (this.#ids !== 'some' || event % 3 !== 0)
  }

  /** The number of events that are sent together. */
  get #batchSize(): number {
    return this.#ids === 'batches' || this.#ids === 'checkpoints' ? 3 : 1
  }

  /** The number of the first event that a request gets. */
  firstEventFor(lastEventId: string | null): number {
    if (this.#ids === 'reset' && this.eventCount > 0 && Number(lastEventId) <= 1) return lastEventId === null ? 2 : 1
    if (lastEventId !== null) return Number(lastEventId) + this.#batchSize
    return this.#startsOver ? 1 : this.eventCount + 1
  }

  /** What the server sends on every connection, if the first event of that is the one with this number. */
  greetingBefore(event: number): string {
    if (this.#ids === 'greetings') return `id: ${event - 1}\n\n`
    return this.#ids === 'some' ? 'data: hello\n\n' : ''
  }

  /** The events that are sent together, as text, of which the first one has this number. */
  batchFrom(event: number): { readonly text: string; readonly next: number } {
    const next = event + this.#batchSize
    const id = this.#ids === 'checkpoints' || !this.hasId(event) ? '' : `id: ${event}\n`
    let text = ''
    for (let number = event; number < next; number++) text += `${id}data: ${number}\n\n`
    if (this.#ids === 'checkpoints') text += `id: ${event}\n\n`
    if (this.#ids === 'reset' && event === 1) text += 'id:\n\n'
    return { text, next }
  }

  open(options: TabOptions = {}): SimulatedTab {
    const tab = new SimulatedTab(this, String(this.tabs.length), options)
    this.tabs.push(tab)
    tab.start()
    return tab
  }

  /** The tabs that have not been lost. */
  get openTabs(): SimulatedTab[] {
    return this.tabs.filter(({ isLost }) => !isLost)
  }

  /** The tab that holds the lock. */
  get leader(): SimulatedTab | undefined {
    return this.#lockHolder?.tab
  }

  /** Moves a tab that waits for the lock to the end of the queue. */
  requeue(tab: SimulatedTab): void {
    const isOfTab = (request: LockRequest): boolean => request.tab === tab
    this.#lockQueue = [
      ...this.#lockQueue.filter((request) => !isOfTab(request)),
      ...this.#lockQueue.filter((request) => isOfTab(request)),
    ]
  }

  /** What can happen now. */
  get steps(): Step[] {
    const steps: Step[] = []
    for (const [name, queue] of this.#queues) {
      const [step] = queue
      const [sender, receiver] = name.split(' ').map((tab) => this.tabs[Number(tab)])
      if (!step || receiver?.isStopped || (name.endsWith(' browser') && sender?.isHung)) continue
      steps.push(() => {
        queue.shift()
        step()
      })
    }
    return steps
  }

  /** Takes every step that can be taken, including those that follow. */
  async finish(): Promise<void> {
    for (let round = 0; round < 10_000; round++) {
      await settle()
      const { steps } = this
      if (steps.length === 0) return
      for (const step of steps) step()
    }
    throw new Error('the steps do not come to an end')
  }

  /** Fires the next timers, that many. What they send arrives before the next one fires. */
  async fireTimers(count: number): Promise<void> {
    for (let timer = 0; timer < count; timer++) {
      await this.finish()
      vi.advanceTimersToNextTimer()
    }
    await this.finish()
  }

  closeAll(): void {
    for (const tab of this.openTabs) tab.session.close()
  }

  /** Makes the globals those of the page whose code runs. */
  stubPages(): void {
    const page = (): SimulatedPage => this.#current?.page ?? new SimulatedPage()
    const document = {
      get hidden() {
        return page().document.hidden
      },
    }
    vi.stubGlobal('document', document)
    vi.stubGlobal('addEventListener', (...given: Parameters<SimulatedPage['addEventListener']>) => {
      page().addEventListener(...given)
    })
    vi.stubGlobal('removeEventListener', (...given: Parameters<SimulatedPage['removeEventListener']>) => {
      for (const tab of this.tabs) tab.page.removeEventListener(...given)
    })
  }

  /** Runs code as that of a tab. */
  run(tab: SimulatedTab, code: () => void): void {
    this.#current = tab
    code()
  }

  /** Adds a step at a tab, after the steps from the same sender. */
  enqueue(sender: string, tab: SimulatedTab, step: Step): void {
    this.#queue(`${sender} ${tab.name}`).push(() => tab.run(step))
  }

  /** Sends a message from a channel, or from a tab as such, to all other channels. */
  broadcast(sender: SimulatedTab, message: unknown, from?: SimulatedChannel): void {
    const passOn = (via: string): void => {
      for (const other of this.openTabs) {
        if (other === sender && !from) continue
        const channels = other.channels.filter((channel) => channel !== from)
        this.enqueue(via, other, () => {
          for (const channel of channels) channel.receive(message)
        })
      }
    }
    if (this.#isOrdered) this.#queue(`${sender.name} browser`).push(() => passOn('browser'))
    else passOn(sender.name)
  }

  publish(count = 1): void {
    for (let event = 0; event < count; event++) {
      this.eventCount += this.#batchSize
      for (const tab of this.tabs) tab.connection?.proceed()
    }
  }

  /** Loses a tab: of what it has sent and the browser has not received, only the first messages still arrive. */
  lose(tab: SimulatedTab, arriving: number): void {
    tab.isLost = true
    for (const [name, queue] of this.#queues) if (name.startsWith(`${tab.name} `)) queue.splice(arriving)
    this.#lockQueue = this.#lockQueue.filter((request) => request.tab !== tab)
    if (this.#lockHolder?.tab === tab) this.#releaseLock(this.#lockHolder)
  }

  requestLock(tab: SimulatedTab, options: LockOptions, callback: () => unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const request: LockRequest = { tab, callback, resolve, reject }
      options.signal?.addEventListener('abort', () => {
        if (!this.#lockQueue.includes(request)) return
        this.#lockQueue = this.#lockQueue.filter((waiting) => waiting !== request)
        reject(options.signal?.reason)
      })
      if (options.steal) {
        const robbed = this.#lockHolder
        this.#lockHolder = undefined
        if (robbed) this.enqueue('locks', robbed.tab, () => robbed.reject(new DOMException('stolen', 'AbortError')))
        this.#lockQueue.unshift(request)
      } else this.#lockQueue.push(request)
      this.#grantLock()
    })
  }

  #grantLock(): void {
    if (this.#lockHolder) return
    const next = this.#lockQueue.shift()
    this.#lockHolder = next
    if (!next) return
    this.enqueue('locks', next.tab, async () => {
      next.resolve(await next.callback())
      this.#releaseLock(next)
    })
  }

  #releaseLock(request: LockRequest): void {
    if (this.#lockHolder !== request) return
    this.#lockHolder = undefined
    this.#grantLock()
  }

  #queue(name: string): Step[] {
    const queue = this.#queues.get(name) ?? []
    this.#queues.set(name, queue)
    return queue
  }
}

interface LockRequest {
  readonly tab: SimulatedTab
  readonly callback: () => unknown
  readonly resolve: (value: unknown) => void
  readonly reject: (reason: unknown) => void
}

/** A response of the server, which sends one event at a time. */
class Connection {
  readonly #simulation: Simulation
  readonly #tab: SimulatedTab
  readonly #handler: TransportHandler
  readonly #signal: Signal
  /** The number of the next event. */
  #next: number
  /** The number of the first event that is new. */
  readonly #firstNew: number

  constructor(tab: SimulatedTab, handler: TransportHandler, signal: Signal, next: number) {
    this.#firstNew = tab.simulation.eventCount + 1
    this.#simulation = tab.simulation
    this.#tab = tab
    this.#handler = handler
    this.#signal = signal
    this.#next = next
  }

  open(): void {
    const { status } = this.#simulation
    if (status === undefined) return
    const headers = new Headers({ 'Content-Type': 'text/event-stream' })
    this.#enqueue(() =>
      this.#handler.response({
        url: 'http://feed.example/',
        status,
        statusText: '',
        headers,
        header: (name) => headers.get(name),
      }),
    )
    if (status !== 200) {
      this.drop()
      return
    }
    this.#send(this.#simulation.greetingBefore(this.#next))
    this.proceed()
  }

  proceed(): void {
    while (this.#next <= this.#simulation.eventCount) {
      const number = this.#next
      const { text, next } = this.#simulation.batchFrom(number)
      this.#next = next
      if (this.#simulation.hasId(number) || number >= this.#firstNew) this.#send(text)
    }
  }

  #send(text: string): void {
    const bytes = new TextEncoder().encode(text)
    this.#enqueue(() => this.#handler.bytes(bytes))
  }

  drop(): void {
    this.#enqueue(() => this.#handler.end())
  }

  #enqueue(step: Step): void {
    this.#simulation.enqueue('server', this.#tab, () => {
      if (!this.#signal.aborted) step()
    })
  }
}

/** A tab with one source. It has its own locks and channels, so that everything of a tab can be lost at once. */
export class SimulatedTab {
  readonly simulation: Simulation
  readonly name: string
  readonly page: SimulatedPage
  /** The numbers of the events that the source has dispatched, except those of the connection itself. */
  readonly received: number[] = []
  readonly interruptions: ErrorDetails[] = []
  isLost = false
  /** Whether other code of the page has made its channels throw. */
  cannotSend = false
  /** Whether nothing reaches the tab, and none of its timers fires, without the tab knowing. */
  #isHung = false
  /** What timers have called while the tab was stopped. */
  readonly #dueTimers: (() => void)[] = []
  connection: Connection | undefined
  openCount = 0
  /** Whether the source is open. */
  isOpen = false
  dropCount = 0
  requestCount = 0
  /** The last event IDs of its requests. */
  readonly requestedIds: (string | null)[] = []
  /** How many times the tab reported tabs of another version. */
  otherVersionCount = 0
  readonly #replay: number
  readonly #init: EventSourceInit
  #channels: readonly SimulatedChannel[] = []
  #session: Session | undefined

  constructor(simulation: Simulation, name: string, { replay = 0, init = {}, page = new SimulatedPage() }: TabOptions) {
    this.simulation = simulation
    this.name = name
    this.page = page
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

  get isHung(): boolean {
    return this.#isHung
  }
  set isHung(isHung: boolean) {
    this.#isHung = isHung
    if (!this.isStopped) this.#runDueTimers()
  }

  get isStopped(): boolean {
    return this.isHung || this.page.isSuspended
  }

  /** Runs code as that of this tab. */
  run(code: () => void): void {
    if (this.isLost) return
    const { setTimeout } = globalThis
    globalThis.setTimeout = ((callback: () => void, delay: number) =>
      setTimeout(() => this.#runTimer(callback), delay)) as typeof setTimeout
    this.simulation.run(this, code)
    globalThis.setTimeout = setTimeout
  }

  /** Runs what a timer calls, or, while the tab is stopped, remembers it. */
  #runTimer(callback: () => void): void {
    if (this.isStopped) this.#dueTimers.push(callback)
    else this.run(callback)
  }

  #runDueTimers(): void {
    for (const callback of this.#dueTimers.splice(0)) this.run(callback)
  }

  /** Puts the page into the back/forward cache. */
  suspend(): void {
    this.run(() => this.page.dispatch('pagehide', { persisted: true }))
    this.page.isSuspended = true
  }

  /** Takes the page out of the back/forward cache. */
  restore(): void {
    this.page.isSuspended = false
    this.run(() => this.page.dispatch('pageshow', { persisted: true }))
    if (!this.isStopped) this.#runDueTimers()
  }

  start(): void {
    const { setInterval } = globalThis
    globalThis.setInterval = ((callback: () => void, delay: number) =>
      setInterval(() => this.isStopped || this.run(callback), delay)) as typeof setInterval
    this.run(() => this.#start())
    globalThis.setInterval = setInterval
  }

  close(channel: SimulatedChannel): void {
    this.#channels = this.#channels.filter((other) => other !== channel)
  }

  #start(): void {
    const settings = {
      ...readSettings('http://feed.example/', { retry: { initialDelay: 0 }, ...this.#init }),
      replay: this.#replay,
    }
    const tab = this
    const handler = {
      announce: () => {
        this.openCount++
        this.isOpen = true
      },
      message: (_type: string, data: string) => {
        if (!this.isLost && data !== 'hello') this.received.push(Number(data))
      },
      dropped: () => {
        this.dropCount++
        this.isOpen = false
      },
      interrupted: (details: ErrorDetails) => {
        this.interruptions.push(details)
        this.isOpen = false
      },
    }
    this.#session = new SharedSession('name', settings, this.#transport, handler, {
      locks: {
        request: (_name: string, options: LockOptions, callback: () => unknown) =>
          tab.isLost ? new Promise(() => {}) : tab.simulation.requestLock(tab, options, callback),
      } as LockManager,
      BroadcastChannel: class extends SimulatedChannel {
        constructor() {
          super(tab)
          tab.#channels = [...tab.#channels, this]
        }
      } as unknown as typeof BroadcastChannel,
      sessions: this.page.sessions,
      refused: () => {
        if (!this.cannotSend) throw new Error('the simulated platform refuses nothing')
      },
      metOtherVersion: () => {
        this.otherVersionCount++
      },
    })
  }

  readonly #transport: Transport = {
    runInContext: (callback) => callback(),
    send: ({ headers, signal }, handler) => {
      this.requestCount++
      if (this.simulation.leader !== this) this.simulation.hasOwnConnections = true
      const lastEventId = headers.get('last-event-id')
      this.requestedIds.push(lastEventId)
      const next = this.simulation.firstEventFor(lastEventId)
      const connection = new Connection(this, handler, signal, next)
      this.connection = connection
      signal.onabort = () => {
        if (this.connection === connection) this.connection = undefined
      }
      connection.open()
    },
  }
}

class SimulatedChannel {
  onmessage: ((event: { data: unknown }) => void) | undefined
  #isClosed = false
  readonly #tab: SimulatedTab

  constructor(tab: SimulatedTab) {
    this.#tab = tab
  }

  postMessage(message: unknown): void {
    if (this.#tab.cannotSend) throw new TypeError('replaced')
    if (!this.#tab.isLost) this.#tab.simulation.broadcast(this.#tab, structuredClone(message), this)
  }

  receive(data: unknown): void {
    if (!this.#isClosed) this.onmessage?.({ data })
  }

  close(): void {
    this.#isClosed = true
    this.#tab.close(this)
  }
}

/** Lets promises settle that wait only for each other. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
