import { describeError } from '../error-message.ts'
import type { ErrorDetails } from '../events.ts'
import type { Settings } from '../options/settings.ts'
import { watchPageLifecycle } from '../page-lifecycle.ts'
import { type Session, type SessionHandler, startSession } from '../session.ts'
import type { Transport } from '../transport/transport.ts'

/*
 * One session for all tabs that use the same name. Whoever holds the lock of that name leads: it has the connection, and
 * says all that comes on the channel of that name. The others follow.
 *
 * Messages are numbered within a series, and a tab delivers each number once, in order. A new leader goes on from where it
 * is itself: from its number and its last event ID. A tab that is behind asks the leader for what it lacks; where the
 * leader has that no more, the tab takes the lead and gets it from the server, and to tabs that are ahead the same messages
 * come again, which they drop by their numbers.
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
  /** One begins where there is nothing to resume after; 0 where none is known yet. */
  readonly series: number
  /** That of the last message. */
  readonly number: number
  readonly lastEventId: string
  readonly replay: number
  /** A follower asks the leader. */
  readonly asks?: 'for messages' | 'to reconnect'
  /** The answer to one who asked for messages. Otherwise it is for all. */
  readonly to?: number
  /** Where the one who asked was, and whether the messages of the answer go on from there. */
  readonly asked?: string
  readonly goesOn?: boolean
  /** The last messages up to the number. */
  readonly messages?: readonly Message[]
  /** Where the response came from; the empty string if the connection is not open. */
  readonly url: string
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

const placeOf = ({ series, number }: Pick<Statement, 'series' | 'number'>): string => `${series} ${number}`

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
  let idBeforeRecent = lastEventId
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
    channel?.postMessage({ from: me, term, series, number, lastEventId: session.lastEventId, replay, url, ...more })

  /** With `unref`, it is not to keep a Node process alive. */
  const release = (handle: unknown): void => {
    if (settings.unref) (handle as { unref?(): void }).unref?.()
  }

  const ask = (): void => {
    hasAsked = true
    say({ asks: 'for messages' })
  }

  const deliver = (message: Message): void => {
    if (session.closed) return
    number++
    lastEventId = message.lastEventId
    recent.push(message)
    if (recent.length > Math.max(kept, replay)) idBeforeRecent = recent.shift()?.lastEventId ?? ''
    handler.message(message.type, message.data)
  }

  /** The connection is there no more; another will follow. */
  const drop = (): void => {
    url = ''
    handler.dropped?.()
  }

  const lead = (): void => {
    term = Math.max(term + 1, Date.now()) + Math.random()
    if (!series || !lastEventId) {
      // The server sends but what is new to all.
      series = Math.random()
      number = 0
    }
    drop()
    say({})
    const own = startSession({ ...settings, lastEventId, signal: undefined }, transport, {
      announce(response) {
        url = response.url
        say({})
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
          say({ error: { ...shared, error: new Error(describeError(error)) } })
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
      if (!series && !steal && !hasYielded) {
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
      else {
        refused()
        leadAlone()
      }
    })
  }

  const join = (): void => {
    try {
      channel ??= new BroadcastChannel(name)
      release(channel)
    } catch {
      refused()
      leadAlone()
      return
    }
    channel.onmessage = ({ data }) => hear(data)
    ask()
    enter()
  }

  const closeChannel = (): void => {
    channel?.close()
    channel = undefined
  }

  const leadAlone = (): void => {
    leave()
    closeChannel()
    lead()
  }

  const answer = (question: Statement): void => {
    if (!led) return
    if (question.asks === 'to reconnect') {
      led.reconnect()
      return
    }
    let lacking = question.series ? 0 : question.replay
    if (question.series === series) lacking = number - question.number
    else if (question.lastEventId) {
      const known = [idBeforeRecent, ...recent.map((message) => message.lastEventId)].indexOf(question.lastEventId)
      lacking = known < 0 ? Infinity : recent.length - known
    }
    const goesOn = lacking <= recent.length
    say({
      to: question.from,
      asked: placeOf(question),
      goesOn,
      messages: recent.slice(Math.max(0, recent.length - lacking)),
    })
  }

  /** Whether the tab is where the statement's messages go on from; if not, it sees to it. */
  const isUpTo = (said: Statement, before: number): boolean => {
    const { to } = said
    const isOfSeries = said.series === series
    if (isOfSeries && before <= number) return true
    const isReplayed = replay > 0 && !series && said.number > 0
    // It may have moved on since it asked.
    const isAnswer = said.asked === placeOf({ series, number })
    if (isAnswer ? said.goesOn || !lastEventId : !to && !isOfSeries && !lastEventId && !isReplayed) {
      // It joins, or there is nothing to resume after.
      recent.length = 0
      idBeforeRecent = said.number === before ? said.lastEventId : ''
      series = said.series
      number = before
      return true
    }
    if (!isAnswer) {
      if (!hasAsked) ask()
    } else if (!isAway) {
      // It is asked no more until another leads.
      hasAsked = true
      if (isOfSeries || !said.lastEventId) enter(true)
      // The others resume after something else: neither way of counting can be brought to the other.
      else leadAlone()
    }
    return false
  }

  const hear = (said: Statement): void => {
    const { to, error, messages = [] } = said
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
    if (to) hasAsked = false
    if (!said.url) drop()
    const before = said.number - messages.length
    if (!isUpTo(said, before)) return
    if (said.url && !url) {
      url = said.url
      handler.announce({ url })
    }
    messages.slice(number - before).forEach(deliver)
    if (number === said.number) lastEventId = said.lastEventId
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
    } else if (silentLooks >= looksUntilAsked) ask()
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
      else say({ asks: 'to reconnect' })
    },
  }
  if (session.closed) return session
  signal?.addEventListener('abort', session.close)
  const timer = setInterval(watch, look)
  release(timer)
  join()
  globalThis.addEventListener?.('pagehide', onPageHide)
  const stopWatching = watchPageLifecycle(settings.pauseWhenHidden, onPage)
  return session
}
