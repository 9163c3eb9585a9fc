import { onAbort } from '#platform'
import { describeError } from '../error-message.ts'
import type { ErrorDetails } from '../events.ts'
import { onGlobalEvents } from '../global-events.ts'
import type { Policy } from '../options/retry-policy.ts'
import type { Settings } from '../options/settings.ts'
import { watchPageLifecycle } from '../page-lifecycle.ts'
import { type Session, type SessionHandler, startSession } from '../session.ts'
import type { Transport, TransportResponse } from '../transport/transport.ts'
import { findPosition, MessageHistory } from './history.ts'
import { type Candidate, Leadership } from './leadership.ts'
import {
  fromShared,
  type Position,
  protocolVersion,
  readMessage,
  type SharedErrorDetails,
  type StreamMessage,
  type TabMessage,
  type TabRequest,
  toShared,
  type Update,
} from './protocol.ts'
import { ReconnectThrottle } from './reconnect-throttle.ts'

/*
 * One session for all tabs that use the same name. The tab that holds the lock of that name leads: it has the
 * connection, and broadcasts what it receives over the channel of that name. The other tabs follow. The name of the
 * lock contains the version of the messages, so that each version has a leader; all versions use the same channel, and
 * notice each other there.
 *
 * | state     | lock    | channel | connection | becomes                                                                |
 * |-----------|---------|---------|------------|------------------------------------------------------------------------|
 * | following | awaited | open    | none       | leading when the lock is granted, or stolen from a silent leader, and  |
 * |           |         |         |            | the announcement of that has come back                                 |
 * | leading   | held    | open    | its own    | following when the lock is stolen, or another tab has a later term     |
 * | behind    | awaited | open    | its own    | following when it and the leader have received the same event; leading |
 * | alone     | none    | none    | its own    | closed: the platform refuses                                           |
 * | away      | none    | open    | none       | following when the page is back; the channel is closed in the          |
 * |           |         |         |            | back/forward cache                                                     |
 * | closed    | none    | none    | none       | nothing: `close()`, the signal, or a connection that failed             |
 *
 * Every update says which message it continues from, and a tab delivers only what comes after the last one that it has. A
 * tab that is elsewhere asks the leader, which finds it by that message, or else by the same event of another connection, and
 * sends what it lacks. If the leader does not know that event, the tab is behind by more than the leader has kept, or it hung
 * as the leader and is ahead: it gets what it lacks from the server by itself, without a detour for the others.
 *
 * Every update also says the last event ID, which a block without a message may have set: the next leader resumes after it.
 */

export interface SharedSettings extends Settings {
  /** The number of messages before the current one that a tab gets when it joins. */
  readonly replay: number
}

/** What the platform provides so that tabs can share a connection. */
export interface SharingPlatform {
  readonly locks: LockManager
  readonly BroadcastChannel: typeof BroadcastChannel
  /** The sessions of this page. */
  readonly sessions: Set<SharedSession>
  /** Called when the platform refuses to let this tab share: the tab then has its own connection. */
  refused(): void
  /** Called when there are tabs with another version of the messages: this tab does not share with them. */
  metOtherVersion(): void
}

/**
 * How long the leader keeps the lock after its connection has failed, in ms: until all tabs know that no other one
 * follows.
 */
const failureHold = 1_000

/**
 * The session of one tab, which all tabs with the same name share. The public methods after `reconnect()` are what
 * {@link Leadership} calls.
 */
export class SharedSession implements Session, Candidate {
  #isClosed: boolean
  /** The document of the page, as in a session of one tab. */
  readonly #document = globalThis.document?.defaultView?.document
  readonly #name: string
  readonly #settings: SharedSettings
  readonly #transport: Transport
  readonly #handler: SessionHandler
  readonly #platform: SharingPlatform
  /** The number that identifies this tab to the others. */
  readonly #id = Math.random()
  readonly #history: MessageHistory
  readonly #leadership: Leadership
  /** The channel to the other tabs; undefined while there is none (see the table). */
  #channel: BroadcastChannel | undefined
  /** The connection, if this tab leads. */
  #connection: Session | undefined
  /** The final URL of the response; the empty string if the connection is not open. */
  #url = ''
  /** Whether the connection was ever open. */
  #hasOpened = false
  /** Whether this tab has asked the leader for what it lacks, and is not to ask again until that has come or another one leads. */
  #hasAsked = false
  /** Whether the page is away: it may follow, but cannot lead. */
  #isAway = false
  #hasMetOtherVersion = false
  /** The reconnections of the connection, if this tab leads. */
  readonly #reconnections: ReconnectThrottle
  /** Stops listening to the signal and to the page. */
  readonly #unsubscribe: (() => void) | undefined

  constructor(
    name: string,
    settings: SharedSettings,
    transport: Transport,
    handler: SessionHandler,
    platform: SharingPlatform,
  ) {
    const { signal, lastEventId, replay, unref, pauseWhenHidden } = settings
    this.#name = name
    this.#settings = settings
    this.#transport = transport
    this.#handler = handler
    this.#platform = platform
    this.#history = new MessageHistory(lastEventId, replay)
    this.#leadership = new Leadership(platform.locks, `${name} ${protocolVersion}`, this, unref)
    this.#reconnections = new ReconnectThrottle(() => this.#connection?.reconnect(), unref)
    this.#isClosed = !!signal?.aborted
    if (this.#isClosed) return
    const forgetSignal = signal && onAbort(signal, () => this.close())
    platform.sessions.add(this)
    this.#join()
    // Before the watch, and in the capture phase as there: the first listener of the page makes all sessions leave.
    const stopListening = onGlobalEvents(['pagehide', 'freeze'], this.#onPageEvent)
    const stopWatching = watchPageLifecycle(pauseWhenHidden, (isAway) => {
      this.#isAway = isAway
      if (isAway) this.#leave()
      else this.#join()
    })
    this.#unsubscribe = () => {
      forgetSignal?.()
      stopListening?.()
      stopWatching?.()
    }
  }

  get lastEventId(): string {
    return this.#history.lastEventId
  }

  get closed(): boolean {
    return this.#isClosed || this.#document?.defaultView === null
  }

  get isInformed(): boolean {
    return this.#history.isKnown
  }

  close(): void {
    this.#isClosed = true
    this.#leadership.resign()
    this.#stop()
  }

  reconnect(): void {
    if (this.#connection) this.#reconnections.request()
    else this.#request('reconnect')
  }

  announce(term: number): void {
    // A channel does not receive what it sends itself, but another channel of the same tab does.
    const channel = this.#openChannel()
    this.#send({ kind: 'term', term }, channel)
    channel.close()
  }

  lead(): void {
    const history = this.#history
    if (!history.isKnown) history.join({ ...history.position, key: this.#leadership.term })
    if (this.#connection) this.#broadcast()
    else this.#connect()
  }

  #connect(): void {
    this.#drop()
    const history = this.#history
    const { lastEventId } = this
    const { retry } = this.#settings
    // Nobody would have made this request if the tab with the open connection had stayed: a server that is busy just now
    // does not close all tabs.
    let isTakeover = this.#hasOpened
    const isRetried = (status: number): boolean =>
      (isTakeover && (status === 429 || status >= 500)) || (retry as Policy).statuses(status)
    const settings = Object.assign(Object.create(this.#settings), {
      lastEventId,
      signal: undefined,
      retry: typeof retry === 'object' ? { ...retry, statuses: isRetried } : retry,
    })
    /** What the current chunk has brought so far. */
    let messages: StreamMessage[] = []
    // A chunk is passed on as a whole: a server resumes after an ID, and not between events that have the same one.
    const passOn = (): undefined => {
      const { lastEventId } = connection
      const update = { messages, lastEventId }
      messages = []
      if (update.messages.length || lastEventId !== history.lastEventId) this.#broadcast(update)
      this.#deliver(update)
    }
    const connection = startSession(settings, this.#transport, {
      announce: (response) => {
        isTakeover = false
        this.#announce(response)
      },
      message: (type, data) => {
        const { lastEventId } = connection
        messages.push({ key: Math.random(), type, data, lastEventId })
      },
      // Called after every chunk.
      ready: passOn,
      dropped: () => this.#drop(),
      interrupted: (details) => {
        passOn()
        this.#interrupt(details)
      },
    })
    // The first attempt begins after this code.
    this.#connection = connection
  }

  stepDown(): void {
    if (!this.#connection) return
    this.#drop()
    this.#disconnect()
  }

  #disconnect(): void {
    this.#reconnections.reset()
    this.#connection?.close()
    this.#connection = undefined
  }

  catchUp(): void {
    this.#hasAsked = true
    this.#request('catch up')
  }

  refused(): void {
    this.#platform.refused()
    this.#leadership.resign()
    this.#closeChannel()
    this.#leadership.begin()
  }

  /** If this tab leads, tells all tabs its position, and what has happened. */
  #broadcast(news: Partial<Update> = {}): void {
    const { isLeader, term } = this.#leadership
    if (!isLeader) return
    this.#send({
      kind: 'update',
      term,
      to: 0,
      url: this.#url,
      after: this.#history.position,
      messages: [],
      lastEventId: this.lastEventId,
      ...news,
    })
  }

  #request(kind: TabRequest['kind']): void {
    const { replay, position } = this.#history
    this.#send({ kind, from: this.#id, replay, ...position })
  }

  #send(message: TabMessage, channel = this.#channel): void {
    try {
      channel?.postMessage({ version: protocolVersion, ...message })
    } catch {
      // Other code of the page has replaced the method: this tab goes on alone, once it has dispatched what it has.
      this.#closeChannel()
      setTimeout(() => this.closed || this.refused())
    }
  }

  readonly #receive = ({ data }: { readonly data: unknown }): void => {
    const message = readMessage(data)
    if (typeof message === 'number') this.#meetOtherVersion()
    else if (message?.kind === 'update') this.#receiveUpdate(message)
    else if (message?.kind === 'term') this.#observe(message.term)
    else if (message?.kind === 'departure') this.#receiveDeparture()
    else if (message) this.#receiveRequest(message)
  }

  #meetOtherVersion(): void {
    if (this.#hasMetOtherVersion) return
    this.#hasMetOtherVersion = true
    this.#platform.metOtherVersion()
    // This lets the other tab notice this one, too.
    this.catchUp()
  }

  #receiveRequest(request: TabRequest): void {
    if (!this.#leadership.isLeader) return
    if (request.kind === 'reconnect') this.#reconnections.request()
    else this.#broadcast({ to: request.from, ...this.#history.messagesFor(request) })
  }

  #receiveDeparture(): void {
    if (this.#leadership.isLeader) this.#broadcast()
    else this.#leadership.expectLeader()
  }

  /** Takes note of the term of a leader, and returns whether that leader is the one to follow. */
  #observe(term: number): boolean {
    if (term > this.#leadership.term) this.#hasAsked = false
    return this.#leadership.observe(term)
  }

  #receiveUpdate(update: Update): void {
    const { term, error, to, url, after, messages, lastEventId } = update
    if (!this.#observe(term) || (to && to !== this.#id)) return
    const isBehind = !!this.#connection
    if (error) {
      if (!isBehind) this.#receiveError(error)
      return
    }
    const index = this.#indexIn(update)
    if (isBehind) {
      if (index < 0 || !url) return
      this.#disconnect()
    }
    if (!url) this.#drop()
    if (index < 0) {
      if (!to) {
        if (!this.#hasAsked) this.catchUp()
      } else if (!this.#isAway) {
        // The server can send what the leader cannot. The tab follows again when both have received the same event.
        this.#connect()
      }
      return
    }
    this.#hasAsked = false
    const positions = [after, ...messages]
    this.#history.join(positions[index] as Position)
    if (url && !this.#url) this.#announce({ url })
    this.#deliver({ messages: messages.slice(index), lastEventId })
  }

  /** The number of messages of an update that this tab does not lack; -1 if the update does not continue from where it is. */
  #indexIn({ to, after, messages, lastEventId }: Update): number {
    const { position, isKnown, replay, lastEventId: ownId } = this.#history
    const isBehind = !!this.#connection
    // The leader may have sent something else with the same ID before. If this tab asks, that is in the reply.
    const tab = to || isBehind ? position : { ...position, lastEventId: '' }
    const index = findPosition([after, ...messages], tab)
    if (index >= 0 || ownId || isBehind) return index
    // The tab has nothing to resume after. If it was here before, and the leader has an ID, it has missed events with IDs.
    // If it was not, does it want anything from before an update for all?
    const isElsewhere = isKnown ? !to || lastEventId : !to && replay
    return isElsewhere ? -1 : 0
  }

  #receiveError(error: SharedErrorDetails): void {
    this.#url = ''
    if (!error.willReconnect) this.close()
    this.#handler.interrupted(fromShared(error))
  }

  /** Dispatches messages, and notes the last event ID after them. */
  #deliver({ messages, lastEventId }: Pick<Update, 'messages' | 'lastEventId'>): void {
    for (const message of messages) {
      // A listener may have closed the source.
      if (this.closed) return
      this.#history.append(message)
      this.#handler.message(message.type, message.data)
    }
    this.#history.lastEventId = lastEventId
  }

  /** Notes that the connection is open, and tells all tabs so if this one leads. */
  #announce(response: Pick<TransportResponse, 'url'>): void {
    this.#url = response.url
    this.#hasOpened = true
    this.#broadcast()
    this.#handler.announce(response)
  }

  /** Notes that the connection is not open any more, and that another one follows; and tells all tabs so if this one leads. */
  #drop(): void {
    this.#url = ''
    this.#broadcast()
    this.#handler.dropped?.()
  }

  /** Tells all tabs what interrupted the connection of this one. */
  #interrupt(details: ErrorDetails): void {
    let { error } = details
    try {
      structuredClone(error)
    } catch {
      error = new Error(describeError(error))
    }
    this.#url = ''
    this.#broadcast({ error: { ...toShared(details), error } })
    if (!details.willReconnect) {
      this.#stop()
      setTimeout(() => this.#leadership.resign(), failureHold)
    }
    this.#handler.interrupted(details)
  }

  /** Opens the channel, and takes part in the election of a leader. */
  #join(): void {
    try {
      this.#leadership.watch()
      this.#channel ??= this.#openChannel()
    } catch {
      this.refused()
      return
    }
    this.catchUp()
    this.#leadership.claim()
  }

  #openChannel(): BroadcastChannel {
    const channel = new this.#platform.BroadcastChannel(this.#name)
    if (this.#settings.unref) (channel as { unref?(): void }).unref?.()
    channel.onmessage = this.#receive
    return channel
  }

  #closeChannel(): void {
    this.#channel?.close()
    this.#channel = undefined
  }

  /** Gives up the connection and the claim to lead, because the page is away. */
  #leave(): void {
    if (!this.#leadership.isCandidate) return
    this.#leadership.resign()
    this.#send({ kind: 'departure' })
  }

  readonly #onPageEvent = (event: Event): void => {
    // Scripts may dispatch such events at the window, and then the page stays.
    if (!event.isTrusted) return
    // All sessions of the page leave before any of them releases its lock, which happens in a microtask. Otherwise, the
    // browser would grant the lock to the next session of the same page, and the page would be frozen with it.
    for (const session of this.#platform.sessions) session.#leave()
    if (event.type === 'freeze') return
    // An open channel would keep the page out of the back/forward cache, and Firefox does not abort requests that are
    // made while it loads the next page.
    this.#leadership.resign()
    this.#closeChannel()
    this.#drop()
  }

  /** Ends everything except the connection and the claim to lead. */
  #stop(): void {
    this.#isClosed = true
    this.#platform.sessions.delete(this)
    this.#leadership.stopWatching()
    this.#unsubscribe?.()
    this.#closeChannel()
  }
}
