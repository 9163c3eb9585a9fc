export type Status = 'ok' | 'warn' | 'fail' | 'skip'

/** The result of one check. */
export interface CheckResult {
  readonly status: Status
  /** What was observed; for a check that was skipped, the reason. */
  readonly message: string
  /** What to change, and why; absent if there is nothing to change. */
  readonly fix?: string
}

export const ok = (message: string): CheckResult => ({ status: 'ok', message })

/** The result for something that works but may cause trouble, or for a fault that is not certain. */
export const warn = (message: string, fix: string): CheckResult => ({ status: 'warn', message, fix })

export const fail = (message: string, fix: string): CheckResult => ({ status: 'fail', message, fix })

export const skip = (reason: string): CheckResult => ({ status: 'skip', message: reason })
