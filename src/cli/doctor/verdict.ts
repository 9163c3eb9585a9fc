export type Status = 'ok' | 'warn' | 'fail' | 'skip'

/** What a check came to. */
export interface Verdict {
  readonly status: Status
  /** What was seen; for a check that was skipped, why. */
  readonly seen: string
  /** How to mend it, and why; absent if there is nothing to mend. */
  readonly mend?: string
}

export const ok = (seen: string): Verdict => ({ status: 'ok', seen })

/** Something that works, and will be a nuisance, or that cannot be known for certain. */
export const warn = (seen: string, mend: string): Verdict => ({ status: 'warn', seen, mend })

export const fail = (seen: string, mend: string): Verdict => ({ status: 'fail', seen, mend })

export const skip = (why: string): Verdict => ({ status: 'skip', seen: why })
