import { startFeedServer } from '../../fixtures/feed-server.ts'
import type { RuntimeName } from '../conformance/case.ts'
import { thrownOnPurpose } from '../conformance/case.ts'
import type { SuiteReport } from '../conformance/runners/report.ts'
import type { RunResults } from '../conformance/runners/run-results.ts'
import type { SuiteSettings } from '../conformance/runners/suite.ts'
import { Hermes } from './hermes/hermes.ts'
import type { Platform } from './hermes/networking.ts'

/** The settings of a run. */
export interface HermesRun {
  readonly runtime: RuntimeName
  readonly executable: string
  readonly platform: Platform
  readonly environment: string
  /** The package, as a script. */
  readonly library: string
  readonly program: string
}

/** Runs the suite in Hermes, with React Native's JavaScript. */
export async function runInHermes(run: HermesRun, results: RunResults): Promise<() => Promise<void>> {
  const { runtime, executable, platform, environment, library, program } = run
  const feedServer = await startFeedServer()
  const settings: SuiteSettings = {
    runtime,
    scope: 'server',
    feed: feedServer.origin,
    otherOrigin: feedServer.otherOrigin,
    concurrency: 6,
  }
  const hermes = await Hermes.start({
    executable,
    platform,
    environment,
    onMessage: (value) => {
      const report = value as SuiteReport
      results.record(report)
      if (report.kind === 'ended') results.close('the suite has ended')
    },
    onProblem: (problem) => {
      if (!problem.includes(thrownOnPurpose)) results.addProblem(problem)
    },
  })
  results.start()
  hermes.load(library)
  hermes.load(`globalThis.__settings = ${JSON.stringify(settings)}`)
  hermes.load(program)
  return async () => {
    await hermes.close()
    await feedServer.close()
  }
}
