import type { ErrorDetails, EventStreamError } from '../../index.ts'
import { exitCodes } from '../command-line/exit-codes.ts'
import { InvalidTokenError } from '../endpoint/bearer-command.ts'
import { formatCount } from '../format.ts'
import { describeNetworkError } from '../network-errors.ts'
import type { Diagnostics } from '../terminal/diagnostics.ts'
import { suggestNextStep } from './next-step.ts'
import { suggestProtocol } from './protocol-hint.ts'

export interface FailureReporterOptions {
  /** The URL, without secrets. */
  readonly url: string
  /** The suggestion to run the doctor. */
  readonly doctor: string
  /** The payload of the event that ends the stream; undefined if no event does. */
  readonly until: string | undefined
  /** The number of failures in a row after which the stream ends; undefined never ends it. */
  readonly maxAttempts: number | undefined
  /** Whether to retry after a certificate error or an unknown host at the first attempt, too. */
  readonly retryAll: boolean
  readonly diagnostics: Diagnostics
}

/** The maximum number of characters of a refused response's body that are shown. */
const maxExcerpt = 300

/** Reports why a stream was interrupted or has ended, and what to do about it. */
export class FailureReporter {
  readonly #options: FailureReporterOptions
  /** Whether the server has answered a request. */
  #hasResponse = false

  constructor(options: FailureReporterOptions) {
    this.#options = options
  }

  /** Notes that the server has answered, so that no other protocol is suggested. */
  responded(): void {
    this.#hasResponse = true
  }

  /** Whether an interruption ends the command: retrying does not fix it. */
  isFatal({ error, attempt }: ErrorDetails): boolean {
    return error instanceof InvalidTokenError || this.#isFatalAtFirst(error, attempt)
  }

  /** Reports an interruption after which the stream reconnects. */
  reportInterruption(details: ErrorDetails): void {
    const { delay = 0, attempt, error } = details
    const { diagnostics } = this.#options
    const when = delay < 50 ? 'now' : `in ${(delay / 1_000).toFixed(1)} s`
    diagnostics.notice(`${describeInterruption(details)}; reconnecting ${when}`)
    const hint = attempt === 1 ? this.#suggestProtocol(error) : undefined
    if (hint !== undefined) diagnostics.notice(hint)
  }

  /**
   * Reports why the stream ended permanently.
   * @returns the exit code
   */
  reportEnd(error: EventStreamError): number {
    const { diagnostics, doctor, maxAttempts, until } = this.#options
    const { reason, attempt, cause } = error
    if (reason === 'incomplete') {
      diagnostics.error(`the stream ended without ${JSON.stringify(until)}`)
      return exitCodes.failed
    }
    if (this.#isFatalAtFirst(cause, attempt)) return this.reportFatalError(cause)
    if (reason === 'gave-up') {
      const failures = formatCount(maxAttempts ?? 1, 'failure')
      const message = nameOptions(describeNetworkError(cause).message)
      diagnostics.error(`gave up after ${failures} in a row: ${message}`)
      const hint = this.#suggestProtocol(cause)
      if (hint !== undefined) diagnostics.error(hint)
      return exitCodes.gaveUp
    }
    diagnostics.error(`refused: ${error.message}${formatBody(error)}`)
    const nextStep = suggestNextStep(error, doctor)
    if (nextStep !== undefined) diagnostics.error(nextStep)
    return exitCodes.refused
  }

  /**
   * Reports the error of an interruption that ends the command.
   * @returns the exit code
   */
  reportFatalError(error: unknown): number {
    const { diagnostics } = this.#options
    if (error instanceof InvalidTokenError) {
      diagnostics.error(error.message)
      return exitCodes.failed
    }
    const { message, fix } = describeNetworkError(error)
    diagnostics.error(`cannot connect: ${message}`)
    diagnostics.error(`${fix}; to retry anyway, use --retry-all`)
    return exitCodes.refused
  }

  /** Whether the first attempt failed for a reason that retrying rarely fixes: its certificate or an unknown host. */
  #isFatalAtFirst(error: unknown, attempt: number | undefined): boolean {
    const { retryAll } = this.#options
    return !retryAll && attempt === 1 && error instanceof Error && describeNetworkError(error).kind !== 'other'
  }

  /** Suggests another protocol, unless the server has answered before. */
  #suggestProtocol(error: unknown): string | undefined {
    const { url, doctor } = this.#options
    return this.#hasResponse ? undefined : suggestProtocol(error, url, doctor)
  }
}

function describeInterruption({ reason, error, message }: ErrorDetails): string {
  return reason === 'network' && error instanceof Error ? describeNetworkError(error).message : nameOptions(message)
}

/** Replaces the names of the library's options by those of the command. */
function nameOptions(message: string): string {
  return message.replace('openTimeout', '--open-timeout').replace('idleTimeout', '--idle-timeout')
}

function formatBody({ body = '' }: Pick<Partial<ErrorDetails>, 'body'>): string {
  const text = body.trim()
  return text && `: ${text.slice(0, maxExcerpt)}${text.length > maxExcerpt ? '…' : ''}`
}
