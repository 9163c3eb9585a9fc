import process from 'node:process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { skipMissing } from '../../installed.ts'
import type { RuntimeName, Scope } from '../case.ts'
import { cases } from '../index.ts'
import { RunResults } from './run-results.ts'
import { defaultTimeout } from './suite.ts'

/** Starts the runs and returns a function that stops them. The results, one for each scope, receive the reports. */
export type StartRuns<S extends Scope> = (results: Readonly<Record<S, RunResults>>) => Promise<() => Promise<void>>

const { CI } = process.env

const names = cases.map(({ name }) => name)

/** The maximum time of a case, plus time for a browser to start on a busy machine. */
const maxSilence = Math.max(defaultTimeout, ...cases.map(({ timeout = 0 }) => timeout)) + 40_000

/** The maximum time of a run. The silence and the number of reports are limited, and this limits both together. */
const maxRunTime = 240_000

/**
 * Registers one test per case and scope of a runtime, and one for each run as a whole. All scopes run at the same time,
 * and the tests only await their results.
 */
export function registerRuns<S extends Scope>(runtime: RuntimeName, scopes: readonly S[], start: StartRuns<S>): void {
  let results: Readonly<Record<S, RunResults>>
  let stop: (() => Promise<void>) | undefined

  beforeAll(async () => {
    const created = scopes.map((scope) => [scope, new RunResults(names, maxSilence)] as const)
    results = Object.fromEntries(created) as Record<S, RunResults>
    try {
      stop = await start(results)
    } catch (error) {
      for (const [, results] of created) results.close('it did not start')
      throw error
    }
  }, maxRunTime)

  afterAll(async () => {
    for (const scope of scopes) results[scope].close('the tests were stopped')
    await stop?.()
  }, 60_000)

  for (const scope of scopes) {
    const run = `${runtime} (${scope})`
    describe(run, { timeout: maxRunTime }, () => {
      for (const name of names) {
        it(name, async ({ task, skip }) => {
          const result = await results[scope].result(name)
          task.meta.conformance = { run, name, result }
          if (result.kind === 'failed') throw withoutStack(new Error(result.error))
          if (result.kind === 'limit') skip(`known limit: ${result.reason}`)
          if (result.kind === 'unavailable') {
            if (CI) throw withoutStack(new Error(`not available: ${result.reason}`))
            skip(`not available: ${result.reason}`)
          }
        })
      }
      it('The run reports every case once, leaves nothing uncaught and ends', async () => {
        await results[scope].whenClosed()
        expect(results[scope].problems()).toEqual([])
      })
    })
  }
}

/** Registers a missing runtime, which is skipped on a developer's machine and fails where CI requires all of them. */
export function registerMissing(runtime: RuntimeName, reason: string): void {
  describe(runtime, () => {
    it('The runtime is installed', ({ task, skip }) => {
      task.meta.conformance = { run: runtime, name: '', result: { kind: 'unavailable', reason } }
      skipMissing(`${runtime} (${reason})`, skip)
    })
  })
}

/** The relevant stack is that of the runtime, which the message contains. */
function withoutStack(error: Error): Error {
  error.stack = ''
  return error
}
