import type { SuiteReport } from './report.ts'

export type CaseResult =
  | { kind: 'passed' }
  | { kind: 'failed'; error: string }
  | { kind: 'limit'; reason: string }
  | { kind: 'unavailable'; reason: string }

/**
 * The results of one run of the suite in one runtime and scope: every expected case must be reported exactly once,
 * between a start and an end, and nothing else may happen. Once the run is closed, every case has a result.
 */
export class RunResults {
  readonly #expected: ReadonlySet<string>
  readonly #results = new Map<string, CaseResult>()
  readonly #problems: string[] = []
  readonly #waiting = new Map<string, (result: CaseResult) => void>()
  readonly #maxSilence: number
  readonly #whenClosed: (() => void)[] = []
  #silence: ReturnType<typeof setTimeout> | undefined
  #started = false
  #ended = false
  #closed: string | undefined
  #unavailable: string | undefined

  /** @param maxSilence the milliseconds without a report after which the run counts as hanging */
  constructor(expected: readonly string[], maxSilence: number) {
    this.#expected = new Set(expected)
    this.#maxSilence = maxSilence
    if (expected.length === 0) this.#problems.push('the suite has no cases')
    if (this.#expected.size !== expected.length) this.#problems.push('two cases have the same name')
  }

  /** Expects reports from now on, since the runtime has been started. */
  start(): void {
    this.#awaitReport()
  }

  record(report: SuiteReport): void {
    if (this.#closed !== undefined) return
    this.#awaitReport()
    switch (report.kind) {
      case 'started':
        if (this.#started) this.#problems.push('the suite started twice')
        this.#started = true
        if (report.names.length === 0) this.#problems.push('the runtime was given no cases')
        break
      case 'passed':
      case 'failed':
      case 'limit':
        this.#enter(report.name, report)
        break
      case 'uncaught':
        this.#problems.push(`not caught: ${report.error}`)
        break
      case 'unavailable':
        this.#unavailable = report.reason
        this.close(report.reason)
        break
      case 'ended':
        this.#ended = true
        this.#settleWaiting('the suite ended without it')
        break
    }
  }

  /** Adds a problem of the run, during which the suite may continue. */
  addProblem(problem: string): void {
    this.#problems.push(problem)
  }

  /** Ends the run. Cases without a result by now were never reported. */
  close(reason: string): void {
    if (this.#closed !== undefined) return
    this.#closed = reason
    clearTimeout(this.#silence)
    this.#settleWaiting(reason)
    for (const settle of this.#whenClosed) settle()
  }

  get ended(): boolean {
    return this.#ended
  }

  /** Resolves with the result of a case, as soon as there is one. */
  result(name: string): Promise<CaseResult> {
    const known = this.#results.get(name)
    if (known !== undefined) return Promise.resolve(known)
    if (this.#closed !== undefined) return Promise.resolve(this.#resultWithoutReport(this.#closed))
    return new Promise((resolve) => this.#waiting.set(name, resolve))
  }

  whenClosed(): Promise<void> {
    if (this.#closed !== undefined) return Promise.resolve()
    return new Promise((resolve) => this.#whenClosed.push(resolve))
  }

  /** Returns the problems of the run as a whole, once it is closed. */
  problems(): string[] {
    if (this.#unavailable !== undefined) return [...this.#problems]
    const problems = [...this.#problems]
    const missing = [...this.#expected].filter((name) => !this.#results.has(name))
    if (missing.length > 0) problems.push(`never reported: ${missing.join('; ')}`)
    if (!this.#ended) problems.push(`the suite did not reach its end: ${this.#closed ?? 'it still runs'}`)
    return problems
  }

  #enter(name: string, result: CaseResult): void {
    if (!this.#expected.has(name)) {
      this.#problems.push(`reported, but not a case of this suite: ${name}`)
    } else if (this.#results.has(name)) {
      this.#problems.push(`reported twice: ${name}`)
    } else {
      this.#results.set(name, result)
      this.#waiting.get(name)?.(result)
      this.#waiting.delete(name)
    }
  }

  #settleWaiting(reason: string): void {
    for (const settle of this.#waiting.values()) settle(this.#resultWithoutReport(reason))
    this.#waiting.clear()
  }

  #resultWithoutReport(reason: string): CaseResult {
    if (this.#unavailable !== undefined) return { kind: 'unavailable', reason: this.#unavailable }
    return { kind: 'failed', error: `never reported: ${reason}` }
  }

  #awaitReport(): void {
    if (this.#closed !== undefined) return
    clearTimeout(this.#silence)
    this.#silence = setTimeout(() => {
      const waitedFor = this.#ended ? 'the runtime did not finish after its last report' : 'nothing was reported'
      this.#problems.push(`hangs: ${waitedFor} for ${this.#maxSilence} ms`)
      this.close('it hangs')
    }, this.#maxSilence)
  }
}
