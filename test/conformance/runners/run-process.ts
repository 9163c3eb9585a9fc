import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { startFeedServer } from '../../../fixtures/feed-server.ts'
import { startHttp2Gateway } from '../../../fixtures/http2/gateway.ts'
import type { RuntimeName } from '../case.ts'
import { type BuildPlatform, bundleStarter } from './bundle.ts'
import { registerMissing, registerRuns } from './register.ts'
import { fromReportLine } from './report.ts'
import type { RunResults } from './run-results.ts'
import type { SuiteSettings } from './suite.ts'

export interface ProcessRuntime {
  runtime: RuntimeName
  /** The path of the executable; undefined where the runtime is not installed. */
  executable: string | undefined
  /** Arguments that precede the program's file. */
  arguments?: readonly string[]
  /** The text of a module that replaces the suite's cases. */
  cases?: string
  /** What the program is built for; any runtime if undefined. */
  platform?: BuildPlatform
  /** Whether the feed server is behind a gateway that speaks HTTP/2. */
  isOverHttp2?: boolean
}

/** The certificate of the gateway is self-signed. */
const trustAll = { NODE_TLS_REJECT_UNAUTHORIZED: '0', NODE_NO_WARNINGS: '1' }

/** Registers the suite for a runtime that runs a program from a file. */
export function registerProcess(processRuntime: ProcessRuntime): void {
  const { runtime, executable } = processRuntime
  if (executable === undefined) registerMissing(runtime, 'it is not among the runtimes that were installed')
  else registerRuns(runtime, ['server'], ({ server }) => runInProcess({ ...processRuntime, executable }, server))
}

/** Runs the suite in its own process, which has to exit on its own after all cases were reported. */
export async function runInProcess(
  {
    runtime,
    executable,
    arguments: runtimeArguments = [],
    isOverHttp2,
    ...bundled
  }: ProcessRuntime & { executable: string },
  results: RunResults,
): Promise<() => Promise<void>> {
  const program = await bundleStarter('start-process', bundled)
  const feedServer = await startFeedServer()
  const gateways = isOverHttp2
    ? await Promise.all([feedServer.origin, feedServer.otherOrigin].map(startHttp2Gateway))
    : []
  const directory = await mkdtemp(join(tmpdir(), 'conformance-'))
  const file = join(directory, 'suite.mjs')
  await writeFile(file, program)
  const settings: SuiteSettings = {
    runtime,
    scope: 'server',
    feed: gateways[0]?.origin ?? feedServer.origin,
    otherOrigin: gateways[1]?.origin ?? feedServer.otherOrigin,
    concurrency: 4,
  }
  const { NODE_OPTIONS: _, ...environment } = process.env
  const child = spawn(executable, [...runtimeArguments, file, JSON.stringify(settings)], {
    cwd: directory,
    env: { ...environment, ...(isOverHttp2 && trustAll), DENO_DIR: join(directory, 'deno'), DENO_NO_UPDATE_CHECK: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  results.start()
  const exited = collect(child, results)
  return async () => {
    child.kill('SIGKILL')
    await exited
    await Promise.all(gateways.map((gateway) => gateway.close()))
    await feedServer.close()
    await rm(directory, { recursive: true, force: true })
  }
}

/** Passes the reports that a process prints to the results, and closes those when the process has ended. */
async function collect(child: ChildProcess, results: RunResults): Promise<void> {
  const output: string[] = []
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue
    createInterface({ input: stream }).on('line', (line) => {
      const report = fromReportLine(line)
      if (report === undefined) output.push(line)
      else results.record(report)
    })
  }
  const ending = await new Promise<string | undefined>((resolve) => {
    child.on('error', (error) => resolve(`the process did not start: ${error.message}`))
    child.on('close', (code, signal) => resolve(code === 0 ? undefined : `the process ended with ${signal ?? code}`))
  })
  if (ending !== undefined) results.addProblem([ending, ...output.slice(-20)].join('\n'))
  results.close(ending ?? 'the process ended')
}
