import { startTimer, type Timer } from '../timer.ts'

/** The interval at which a follower checks whether the leader is silent, in ms. */
const checkInterval = 2_500

/**
 * The numbers of checks in a row that find the leader silent until it is asked for a sign of life, and until it is
 * replaced.
 */
const checksUntilProbe = 2
const checksUntilTakeover = 4

/**
 * The minimum time that a leader is missing before it is replaced, in ms. The time is random, and at most twice as
 * long.
 */
const takeoverDelay = 500

/** The maximum time that a tab waits until its announcement comes back to it, in ms. */
const maxAnnouncementTime = 1_000

/** The tab that takes part in the election of a leader. */
export interface Candidate {
  /** Whether the tab knows the current position of the stream: such tabs lead before those that do not. */
  readonly isInformed: boolean
  /** The tab has the lock: it must announce to all tabs, including itself, that its term begins. */
  announce(term: number): void
  /** The tab has become the leader. */
  lead(): void
  /** The tab must close the connection, if it leads: it gives up the lock, or another tab has stolen the lock. */
  stepDown(): void
  /** The leader is silent: the tab must ask it for a sign of life, and for what the tab lacks. */
  catchUp(): void
  /** The platform refuses the lock. */
  refused(): void
}

/**
 * Decides which tab leads: the one that holds the lock. The others wait for the lock, and steal it from a leader that is
 * silent for too long: a tab that hangs or is frozen keeps its locks.
 */
export class Leadership {
  /** The term of the latest leader that this tab knows of. */
  term = 0
  readonly #locks: LockManager
  readonly #name: string
  readonly #candidate: Candidate
  readonly #unref: boolean
  /** The timer of the checks of the leader. */
  #timer: ReturnType<typeof setInterval> | undefined
  /** Its signal gives up the lock, or the wait for it. */
  #claim: AbortController | undefined
  isLeader = false
  /** The term that this tab has announced; 0 if it has not. */
  #announced = 0
  /** The timer that begins that term even if the announcement does not come back. */
  #announcement: Timer | undefined
  /** Whether this tab has let those behind it in the queue go first: it does so once. */
  #hasYielded = false
  /** The number of checks in a row that found the leader silent. */
  #silentChecks = 0
  /** The timer that replaces a missing leader. */
  #takeover: Timer | undefined

  /** @param unref whether a Node process may exit while the leader is watched */
  constructor(locks: LockManager, name: string, candidate: Candidate, unref: boolean) {
    this.#locks = locks
    this.#name = name
    this.#candidate = candidate
    this.#unref = unref
  }

  /** Starts watching the leader. Firefox throws in a frame that was removed from its page: there are no timers. */
  watch(): void {
    this.#timer ??= setInterval(() => this.#check(), checkInterval)
    if (this.#unref) (this.#timer as { unref?(): void }).unref?.()
  }

  /** Whether this tab waits for the lock, or holds it. */
  get isCandidate(): boolean {
    return this.#claim?.signal.aborted === false
  }

  /** Waits for the lock, or steals it from the tab that holds it. */
  claim(steal = false): void {
    this.resign()
    const claim = new AbortController()
    this.#claim = claim
    const { signal } = claim
    let isGranted = false
    const hold = (): Promise<void> | undefined => {
      if (signal.aborted) return
      if (!this.#candidate.isInformed && !steal && !this.#hasYielded) {
        this.#hasYielded = true
        this.claim()
        return
      }
      this.#announce()
      isGranted = true
      return new Promise((resolve) => signal.addEventListener('abort', () => resolve()))
    }
    this.#locks.request(this.#name, steal ? { steal } : { signal }, hold).catch(() => {
      if (signal.aborted) return
      // Only a lock that is held can be stolen.
      if (isGranted) this.claim()
      else this.#candidate.refused()
    })
  }

  #announce(): void {
    this.#silentChecks = 0
    const term = this.#laterTerm()
    this.#announced = term
    clearTimeout(this.#announcement)
    this.#announcement = startTimer(() => this.begin(), maxAnnouncementTime, this.#unref)
    this.#candidate.announce(term)
  }

  #laterTerm(): number {
    return Math.max(this.term + 1, Date.now()) + Math.random()
  }

  /** Begins a term as the leader. */
  begin(term = this.#laterTerm()): void {
    this.#forgetAnnouncement()
    this.term = term
    this.isLeader = true
    this.#candidate.lead()
  }

  #forgetAnnouncement(): void {
    this.#announced = 0
    clearTimeout(this.#announcement)
  }

  /** Gives up the lock, or the wait for it. */
  resign(): void {
    this.#candidate.stepDown()
    this.isLeader = false
    this.#forgetAnnouncement()
    clearTimeout(this.#takeover)
    this.#claim?.abort()
  }

  /**
   * Expects a sign of life from the leader soon: a tab has left. Browsers may grant a lock to a page that is just being
   * frozen, and the lock stays there.
   */
  expectLeader(): void {
    clearTimeout(this.#takeover)
    // A random one of several tabs is the first, and the others then receive its update.
    const delay = takeoverDelay * (1 + Math.random())
    const takeOver = (): void => {
      if (this.#isFollower && this.#candidate.isInformed) this.claim(true)
    }
    this.#takeover = startTimer(takeOver, delay, this.#unref)
  }

  /**
   * Takes note of an update or an announcement.
   * @returns whether the leader of this term is the one to follow
   */
  observe(term: number): boolean {
    const isOwn = term === this.#announced
    if (term < this.term) {
      if (isOwn) this.#announce()
      return false
    }
    this.#silentChecks = 0
    clearTimeout(this.#takeover)
    if (isOwn) this.begin(term)
    else if (term > this.term) {
      if (this.isLeader) this.claim()
      this.term = term
    }
    return true
  }

  /** Ends the watch over the leader. */
  stopWatching(): void {
    clearInterval(this.#timer)
    clearTimeout(this.#takeover)
  }

  get #isFollower(): boolean {
    return this.isCandidate && !this.isLeader
  }

  #check(): void {
    if (!this.#isFollower) return
    this.#silentChecks++
    const { isInformed } = this.#candidate
    if (this.#silentChecks >= (isInformed ? 1 : 2) * checksUntilTakeover) {
      this.#silentChecks = 0
      this.claim(true)
    } else if (this.#silentChecks >= checksUntilProbe) this.#candidate.catchUp()
  }
}
