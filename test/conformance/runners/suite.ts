import type { ConformanceCase, ConformanceContext, RuntimeName, Scope } from '../case.ts'
import { describeError, type SendReport } from './report.ts'

/** The settings of a run, which are sent as JSON to wherever the suite runs. */
export interface SuiteSettings {
  runtime: RuntimeName
  scope: Scope
  feed: string
  otherOrigin: string
  /**
   * The number of cases that run at the same time. A browser allows six connections to an origin, and some cases need
   * two.
   */
  concurrency: number
}

/**
 * The default timeout of a case in ms, longer than any of its waits, so that the case itself can report what is
 * missing.
 */
export const defaultTimeout = 120_000

/** Runs every case once and reports it. Resolves when all have been reported. */
export async function runSuite(
  cases: readonly ConformanceCase[],
  context: ConformanceContext,
  concurrency: number,
  report: SendReport,
): Promise<void> {
  report({ kind: 'started', names: cases.map((conformanceCase) => conformanceCase.name) })
  const waiting = cases.values()
  const worker = async (): Promise<void> => {
    // The workers share one iterator, so that each takes the next remaining case.
    for (const conformanceCase of waiting) await runCase(conformanceCase, context, report)
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
  report({ kind: 'ended' })
}

async function runCase(
  conformanceCase: ConformanceCase,
  context: ConformanceContext,
  report: SendReport,
): Promise<void> {
  const { name, timeout = defaultTimeout } = conformanceCase
  let timer: ReturnType<typeof setTimeout> | undefined
  try {
    const reason = conformanceCase.limits?.(context)
    if (reason !== undefined) {
      report({ kind: 'limit', name, reason })
      return
    }
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`not settled after ${timeout} ms`)), timeout)
    })
    await Promise.race([conformanceCase.run(context), late])
    report({ kind: 'passed', name })
  } catch (error) {
    report({ kind: 'failed', name, error: describeError(error) })
  } finally {
    clearTimeout(timer)
  }
}
