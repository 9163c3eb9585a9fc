import { onAbort } from '#platform'
import { describeError } from '../error-message.ts'
import type { ErrorDetails } from '../events.ts'
import type { Settings } from '../options/settings.ts'
import { watchPageLifecycle } from '../page-lifecycle.ts'
import { onEvents } from '../scope-events.ts'
import { type Session, type SessionHandler, startSession } from '../session.ts'
import type { Transport } from '../transport/transport.ts'
import { MessageHistory } from './history.ts'
import { type Candidate, Leadership } from './leadership.ts'
import {
  protocolVersion,
  readMessage,
  type SharedErrorDetails,
  type StreamMessage,
  type TabMessage,
  type TabRequest,
  type Update,
} from './protocol.ts'
import { ReconnectThrottle } from './reconnect-throttle.ts'

/*
 * One session for all tabs that use the same name. The tab that holds the lock of that name leads: it has the connection,
 * and broadcasts what it receives over the channel of that name. The other tabs follow. The name of the lock contains the
 * version of the messages, so that each version has a leader; the channel is the same for all, so that they notice.
 *
 * | state     | lock    | channel | connection | becomes                                                                |
 * |-----------|---------|---------|------------|------------------------------------------------------------------------|
 * | following | awaited | open    | none       | leading when the lock is granted, or stolen from a silent leader       |
 * | leading   | held    | open    | its own    | following when the lock is stolen, or another tab has a later term     |
 * | alone     | none    | none    | its own    | closed: the platform refuses, or the others resume after something else |
 * | away      | none    | open    | none       | following when the page is back; the channel is closed in the          |
 * |           |         |         |            | back/forward cache                                                     |
 * | closed    | none    | none    | none       | nothing: `close()`, the signal, or a connection that failed             |
 *
 * Messages are numbered within a series, and a tab delivers each number once, in order. A new leader continues from where
 * it is itself: from its number and its last event ID. A tab that is behind asks the leader for what it lacks. Where the
 * leader no longer has that, the tab takes the lead and gets it from the server; tabs that are ahead then receive the same
 * messages again, which they drop by their numbers.
 */

export interface SharedSettings extends Settings {
  /** The number of messages before the current one that a tab gets when it joins. */
  readonly replay: number
}

/** The platform's means by which tabs share a connection. */
export interface SharingPlatform {
  readonly locks: LockManager
  readonly BroadcastChannel: typeof BroadcastChannel
  /** The sessions of this page. */
  readonly sessions: Set<SharedSession>
  /** Called when the platform refuses to let this tab share: the tab has a connection of its own then. */
  refused(): void
  /** Called when there are tabs with another version of the messages: this tab does not share with them. */
  metOtherVersion(): void
}

/** How long the leader keeps the lock after its connection has failed, in ms: until all tabs know that there is no other. */
const failureHold = 1_000

/**
 * The session of one tab, which all tabs with the same name share. The public methods after `reconnect()` are what
 * {@link Leadership} calls.
 */
export class SharedSession implements Session, Candidate {
  closed: boolean
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
  /** Whether this tab has asked the leader for what it lacks, and is not to ask again. */
  #hasAsked = false
  /** Whether the page is away: it may follow, but cannot lead. */
  #isAway = false
  #hasMetOtherVersion = false
  /** The reconnections of the connection, if this tab leads. */
  readonly #reconnections: ReconnectThrottle
  /** Ends the subscriptions to the signal and to the page. */
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
    this.closed = !!signal?.aborted
    if (this.closed) {
      this.#leadership.stopWatching()
      return
    }
    const forgetSignal = signal && onAbort(signal, () => this.close())
    platform.sessions.add(this)
    this.#join()
    // Before the watch, and in the capture phase as there: the first listener of the page makes all sessions leave.
    const stopListening = onEvents(globalThis, ['pagehide', 'freeze'], this.#onPageEvent)
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
    return this.#connection?.lastEventId ?? this.#history.lastEventId
  }

  get isInformed(): boolean {
    return this.#history.isKnown
  }

  close(): void {
    this.#stop()
    this.#leadership.resign()
  }

  reconnect(): void {
    if (this.#connection) this.#reconnections.request()
    else this.#request('reconnect')
  }

  lead(): void {
    this.#history.ensureSeries()
    this.#drop()
    this.#broadcast()
    const { lastEventId } = this.#history
    const settings = Object.assign(Object.create(this.#settings), { lastEventId, signal: undefined })
    const connection = startSession(settings, this.#transport, {
      announce: (response) => {
        this.#url = response.url
        this.#broadcast()
        this.#handler.announce(response)
      },
      message: (type, data) => {
        const message = { type, data, lastEventId: connection.lastEventId }
        this.#broadcast({ number: this.#history.number + 1, messages: [message] })
        this.#deliver(message)
      },
      dropped: () => {
        this.#drop()
        this.#broadcast()
      },
      interrupted: (details) => this.#interrupt(details),
    })
    this.#connection = connection
  }

  stepDown(): void {
    if (!this.#connection) return
    this.#reconnections.reset()
    this.#history.lastEventId = this.lastEventId
    this.#connection.close()
    this.#connection = undefined
    this.#drop()
  }

  probe(): void {
    this.#catchUp()
  }

  refused(): void {
    this.#platform.refused()
    this.#leadAlone()
  }

  /** Tells all tabs where the leader is, and what has happened. */
  #broadcast(news: Partial<Update> = {}): void {
    const { series, number } = this.#history
    const { lastEventId } = this
    const { term } = this.#leadership
    this.#send({ kind: 'update', term, series, number, lastEventId, url: this.#url, messages: [], ...news })
  }

  #request(kind: TabRequest['kind']): void {
    const { series, number, lastEventId, replay } = this.#history
    this.#send({ kind, from: this.#id, series, number, lastEventId, replay })
  }

  #send(message: TabMessage): void {
    this.#channel?.postMessage({ version: protocolVersion, ...message })
  }

  /** Asks the leader for the messages that this tab lacks. */
  #catchUp(): void {
    this.#hasAsked = true
    this.#request('catch up')
  }

  readonly #receive = ({ data }: { readonly data: unknown }): void => {
    const message = readMessage(data)
    if (typeof message === 'number') this.#meetOtherVersion()
    else if (message?.kind === 'update') this.#receiveUpdate(message)
    else if (message?.kind === 'departure') this.#receiveDeparture()
    else if (message) this.#receiveRequest(message)
  }

  #receiveRequest(request: TabRequest): void {
    if (!this.#connection) return
    if (request.kind === 'reconnect') this.#reconnections.request()
    else this.#broadcast(this.#history.messagesFor(request))
  }

  #receiveDeparture(): void {
    if (this.#connection) this.#broadcast()
    else this.#leadership.expectLeader()
  }

  #meetOtherVersion(): void {
    if (this.#hasMetOtherVersion) return
    this.#hasMetOtherVersion = true
    this.#platform.metOtherVersion()
    // So that the other tab meets this one, too.
    this.#catchUp()
  }

  #receiveUpdate(update: Update): void {
    const { term, error, reply, url, messages, number } = update
    const observed = this.#leadership.observe(term)
    if (observed === 'outdated') return
    if (observed === 'new') this.#hasAsked = false
    if (error) {
      this.#receiveError(error)
      return
    }
    if (reply) {
      if (reply.to !== this.#id) return
      this.#hasAsked = false
    }
    if (!url) this.#drop()
    const history = this.#history
    const numberBefore = number - messages.length
    if (!this.#continuesFrom(numberBefore, update)) return
    if (url && !this.#url) {
      this.#url = url
      this.#handler.announce({ url })
    }
    for (const message of messages.slice(history.number - numberBefore)) this.#deliver(message)
    if (history.number === number) history.lastEventId = update.lastEventId
  }

  #receiveError({ headers, ...details }: SharedErrorDetails): void {
    this.#url = ''
    if (!details.willReconnect) this.close()
    this.#handler.interrupted({ ...details, headers: headers && new Headers(headers) })
  }

  /** Whether the messages of an update continue from where this tab is. If not, the tab sees to it that others will. */
  #continuesFrom(numberBefore: number, update: Update): boolean {
    const { series, reply } = update
    const history = this.#history
    const isSameSeries = series === history.series
    if (isSameSeries && numberBefore <= history.number) return true
    // The tab may have moved on since it asked.
    const isCurrentReply = reply?.series === history.series && reply.number === history.number
    const isContiguous = isCurrentReply
      ? reply.isContiguous || !history.lastEventId
      : !reply && !isSameSeries && this.#canJoinAt(update)
    if (isContiguous) {
      history.join(series, numberBefore, update.number === numberBefore ? update.lastEventId : '')
      return true
    }
    if (isCurrentReply) this.#resumeByItself(update)
    else if (!this.#hasAsked) this.#catchUp()
    return false
  }

  /** Whether the tab has nothing to resume after, and wants nothing from before an update for all. */
  #canJoinAt({ number }: Update): boolean {
    const { lastEventId, replay, isKnown } = this.#history
    return !lastEventId && (isKnown || replay === 0 || number === 0)
  }

  /** Gets from the server what the leader cannot send. */
  #resumeByItself({ series, lastEventId }: Update): void {
    if (this.#isAway) return
    // The tab does not ask again until another one leads.
    this.#hasAsked = true
    if (series === this.#history.series || !lastEventId) this.#leadership.claim(true)
    // The others resume after something else: their numbers and those of this tab cannot be reconciled.
    else this.#leadAlone()
  }

  #deliver(message: StreamMessage): void {
    if (this.closed) return
    this.#history.append(message)
    this.#handler.message(message.type, message.data)
  }

  /** Notes that the connection is not open any more, and that another one follows. */
  #drop(): void {
    this.#url = ''
    this.#handler.dropped?.()
  }

  /** Tells all tabs what interrupted the connection of this one. */
  #interrupt(details: ErrorDetails): void {
    const { headers, error } = details
    const shared = { ...details, headers: headers && [...headers] }
    this.#url = ''
    try {
      this.#broadcast({ error: shared })
    } catch {
      // The cause cannot be cloned.
      this.#broadcast({ error: { ...shared, error: new Error(describeError(error)) } })
    }
    if (!details.willReconnect) {
      this.#stop()
      setTimeout(() => this.#leadership.resign(), failureHold)
    }
    this.#handler.interrupted(details)
  }

  /** Opens the channel, and takes part in the election of a leader. */
  #join(): void {
    try {
      this.#channel ??= this.#openChannel()
    } catch {
      this.refused()
      return
    }
    this.#catchUp()
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

  #leadAlone(): void {
    this.#leadership.resign()
    this.#closeChannel()
    this.#leadership.begin()
  }

  /** Gives up the connection and the claim to lead, because the page is away. */
  #leave(): void {
    if (!this.#leadership.isCandidate) return
    this.#send({ kind: 'departure' })
    this.#leadership.resign()
  }

  /**
   * Makes all sessions of the page leave before any of them releases its lock, which it does in a microtask. The browser
   * would grant the lock to the next session of the same page, and the page would be frozen with it.
   */
  #leaveWithPage(): void {
    for (const session of this.#platform.sessions) session.#leave()
  }

  readonly #onPageEvent = (event: Event): void => {
    this.#leaveWithPage()
    if (event.type === 'freeze') return
    // An open channel would keep the page out of the back/forward cache, and Firefox does not abort requests that are
    // made while it loads the next page.
    this.#leadership.resign()
    this.#closeChannel()
    this.#drop()
  }

  /** Ends everything except the connection and the claim to lead. */
  #stop(): void {
    this.closed = true
    this.#platform.sessions.delete(this)
    this.#leadership.stopWatching()
    this.#unsubscribe?.()
    this.#closeChannel()
  }
}
