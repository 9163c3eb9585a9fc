import { describe, type ErrorDetails } from './events.ts'
import type { Settings } from './options.ts'
import { type Session, type SessionHandler, startSession } from './session.ts'
import type { Transport } from './transport/transport.ts'
import { watchPage } from './wake.ts'

/*
 * One session for all tabs that use the same name. Whoever holds the lock of that name leads: it has the connection, and
 * says all that comes on the channel of that name. The others follow.
 *
 * Messages are numbered, and a tab delivers each number once, in order. A new leader goes on from where it is itself: from
 * its number and its last event ID. Tabs that were behind it ask for what they lack. To tabs that were ahead of it the
 * server's messages come again, and they drop them by their numbers.
 */

export interface SharedSettings extends Settings {
  /** How many of the last messages a tab gets that joins. */
  readonly replay: number
}

interface Message {
  readonly type: string
  readonly data: string
  readonly lastEventId: string
}

/** What a tab says to all others, and where it is itself. */
interface Statement {
  readonly from: number
  /** Grows with every leader: whoever has heard of a later one does not listen to those before. */
  readonly term: number
  /** Numbers count within a series. One begins where no tab knows of a message before. */
  readonly series: number
  /** That of the last message. */
  readonly number: number
  readonly lastEventId: string
  readonly replay: number
  /** A follower asks the leader. */
  readonly asks?: 'for messages' | 'to reconnect'
  /** Otherwise it is for all. */
  readonly to?: number
  /** The last messages up to the number. */
  readonly messages?: readonly Message[]
  /** Where the response came from, if the connection is open. Said to all, it has just been announced. */
  readonly url?: string
  readonly error?: Omit<ErrorDetails, 'headers'> & { readonly headers: [string, string][] | undefined }
}

/** How many messages each tab keeps for those that lack some, unless `replay` asks for more. */
const kept = 128

/** Milliseconds between two looks at whether the leader is silent, and after how many it is asked, and replaced. */
const look = 2_500
const looksUntilAsked = 2
const looksUntilReplaced = 4

/** How long a failed connection keeps the lock, in ms: until all tabs have heard that there is nothing to take over. */
const mourning = 1_000

/** What tabs meet by. */
export interface Platform {
  readonly locks: LockManager
  readonly BroadcastChannel: typeof BroadcastChannel
  /** Called when the platform refuses to let this tab share: it has the session to itself then. */
  refused(): void
}

export function startSharedSession(
  name: string,
  settings: SharedSettings,
  transport: Transport,
  handler: SessionHandler,
  { locks, BroadcastChannel, refused }: Platform,
): Session {
  const { signal, replay } = settings
  const me = Math.random()
  const recent: Message[] = []
  let { lastEventId } = settings
  let term = 0
  let series = 0
  let number = 0
  let url = ''
  let channel: BroadcastChannel | undefined
  /** The connection, if this tab leads. */
  let led: Session | undefined
  /** Gives up the lock, or the wait for it. */
  let place: AbortController | undefined
  let isAway = false
  let hasAsked = false
  let hasYielded = false
  let silentLooks = 0

  const say = (more: Partial<Statement>): void =>
    channel?.postMessage({ from: me, term, series, number, lastEventId: session.lastEventId, replay, ...more })

  const ask = (asks: NonNullable<Statement['asks']>): void => {
    hasAsked = true
    say({ asks })
  }

  const deliver = (message: Message): void => {
    if (session.closed) return
    number++
    lastEventId = message.lastEventId
    recent.push(message)
    if (recent.length > Math.max(kept, replay)) recent.shift()
    handler.message(message.type, message.data)
  }

  /** The connection is there no more; another will follow. */
  const drop = (): void => {
    url = ''
    handler.dropped?.()
  }

  const lead = (): void => {
    term = Math.max(term + 1, Date.now()) + Math.random()
    series ||= Math.random()
    if (!lastEventId) {
      // Nothing comes again, and nothing is to be dropped: higher numbers than any tab's, however many leaders there were.
      recent.length = 0
      number = Math.max(number, Date.now() * 1_000)
    }
    drop()
    say({})
    const own = startSession({ ...settings, lastEventId, signal: undefined }, transport, {
      announce(response) {
        url = response.url
        say({ url })
        handler.announce(response)
      },
      message(type, data) {
        const message = { type, data, lastEventId: own.lastEventId }
        say({ number: number + 1, messages: [message] })
        deliver(message)
      },
      dropped() {
        drop()
        say({})
      },
      interrupted(details) {
        const { headers, error } = details
        const shared = { ...details, headers: headers && [...headers] }
        url = ''
        try {
          say({ error: shared })
        } catch {
          // The cause cannot be cloned.
          say({ error: { ...shared, error: new Error(describe(error)) } })
        }
        if (!details.willReconnect) {
          stop()
          setTimeout(leave, mourning)
        }
        handler.interrupted(details)
      },
    })
    led = own
  }

  /** Gives up the connection, and the lock or the wait for it. */
  const leave = (): void => {
    lastEventId = session.lastEventId
    if (led) {
      led.close()
      led = undefined
      drop()
    }
    place?.abort()
  }

  /** Waits for the lock, or takes it from a leader that is silent. */
  const enter = (steal = false): void => {
    leave()
    place = new AbortController()
    const { signal } = place
    let isGranted = false
    const hold = (): Promise<void> | undefined => {
      isGranted = true
      if (signal.aborted) return
      if (!series && !hasYielded) {
        // Those who wait behind may know where the stream was left.
        hasYielded = true
        enter()
        return
      }
      lead()
      return new Promise((resolve) => signal.addEventListener('abort', () => resolve()))
    }
    locks.request(name, steal ? { steal } : { signal }, hold).catch(() => {
      if (signal.aborted) return
      if (isGranted) enter()
      else leadAlone()
    })
  }

  const join = (): void => {
    try {
      channel ??= new BroadcastChannel(name)
    } catch {
      leadAlone()
      return
    }
    channel.onmessage = ({ data }) => hear(data)
    ask('for messages')
    enter()
  }

  const closeChannel = (): void => {
    channel?.close()
    channel = undefined
  }

  const leadAlone = (): void => {
    closeChannel()
    refused()
    lead()
  }

  const answer = (question: Statement): void => {
    if (!led) return
    if (question.asks === 'to reconnect') led.reconnect()
    // Nobody can go on before it is open; but it is there.
    else if (!url) say({})
    else {
      const lacking = question.series === series ? number - question.number : question.replay
      say({ to: question.from, url, messages: recent.slice(Math.max(0, recent.length - lacking)) })
    }
  }

  const hear = (said: Statement): void => {
    const { to, error, messages = [] } = said
    const before = said.number - messages.length
    const isOfSeries = said.series === series
    if (said.asks) answer(said)
    if (said.asks || said.term < term) return
    silentLooks = 0
    if (said.term > term) {
      if (led) enter()
      term = said.term
      hasAsked = false
    }
    if (error) {
      url = ''
      if (!error.willReconnect) session.close()
      handler.interrupted({ ...error, headers: error.headers && new Headers(error.headers) })
      return
    }
    if (to && to !== me) return
    if (!to && !said.url && !messages.length) drop()
    if (to || said.url) hasAsked = false
    if (to && !isOfSeries) {
      recent.length = 0
      series = said.series
      number = before
      lastEventId = said.lastEventId
    } else if (to) number = Math.max(number, before)
    if (said.series !== series || before > number) {
      if (!hasAsked) ask('for messages')
      return
    }
    if (said.url && !(to && url)) {
      url = said.url
      handler.announce({ url, status: 200, headers: new Headers() })
    }
    messages.slice(number - before).forEach(deliver)
  }

  /** A page that is away still hears the others, but can't lead. */
  const onPage = (away: boolean): void => {
    isAway = away
    if (away) leave()
    else join()
  }

  /**
   * An open channel would keep the page out of the back/forward cache. And Firefox does not end requests that are made
   * while it loads the next page.
   */
  const onPageHide = (): void => {
    leave()
    closeChannel()
    drop()
  }

  const watch = (): void => {
    if (led || isAway) return
    silentLooks++
    // Those who know where the stream was left go first.
    if (silentLooks >= (series ? 1 : 2) * looksUntilReplaced) {
      silentLooks = 0
      enter(true)
    } else if (silentLooks >= looksUntilAsked) ask('for messages')
  }

  const stop = (): void => {
    session.closed = true
    clearInterval(timer)
    stopWatching?.()
    globalThis.removeEventListener?.('pagehide', onPageHide)
    closeChannel()
    signal?.removeEventListener('abort', session.close)
  }

  const session = {
    closed: !!signal?.aborted,
    get lastEventId() {
      return led?.lastEventId ?? lastEventId
    },
    close() {
      stop()
      leave()
    },
    reconnect() {
      if (led) led.reconnect()
      else ask('to reconnect')
    },
  }
  if (session.closed) return session
  signal?.addEventListener('abort', session.close)
  const timer = setInterval(watch, look)
  join()
  globalThis.addEventListener?.('pagehide', onPageHide)
  const stopWatching = watchPage(settings.pauseWhenHidden, onPage)
  return session
}
