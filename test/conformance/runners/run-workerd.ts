import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { startFeedServer } from '../../../fixtures/feed-server.ts'
import { thrownOnPurpose } from '../case.ts'
import { bundleStarter } from './bundle.ts'
import { fromReportLine } from './report.ts'
import type { RunResults } from './run-results.ts'
import type { SuiteSettings } from './suite.ts'

// Without nodejs_compat, like an edge worker by default. The network must be named to reach the servers of this
// machine.
const configuration = `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "suite", worker = .suite),
    (name = "internet", network = (allow = ["public", "private"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "suite")],
);

const suite :Workerd.Worker = (
  modules = [(name = "suite.mjs", esModule = embed "suite.mjs")],
  compatibilityDate = "2026-11-01",
);
`

/** Runs the suite in one request to workerd, whose response contains the reports. */
export async function runInWorkerd(executable: string, results: RunResults): Promise<() => Promise<void>> {
  const program = await bundleStarter('start-workerd')
  const feedServer = await startFeedServer()
  const directory = await mkdtemp(join(tmpdir(), 'conformance-'))
  await writeFile(join(directory, 'suite.mjs'), program)
  await writeFile(join(directory, 'config.capnp'), configuration)
  const settings: SuiteSettings = {
    runtime: 'workerd',
    scope: 'server',
    feed: feedServer.origin,
    otherOrigin: feedServer.otherOrigin,
    concurrency: 3,
  }
  const child = spawn(executable, ['serve', '--control-fd=3', 'config.capnp'], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  })
  const exited = once(child, 'close')
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL')
    await exited
    await feedServer.close()
    await rm(directory, { recursive: true, force: true })
  }
  try {
    watchOutput(child, results)
    exited.then(([code, signal]) => {
      results.addProblem(`workerd ended with ${signal ?? code}`)
      results.close('workerd ended')
    })
    results.start()
    readReports(await listeningPort(child), settings, results)
  } catch (error) {
    await stop()
    throw error
  }
  return stop
}

/** Reports what workerd prints, which is always about uncaught exceptions. */
function watchOutput(child: ChildProcess, results: RunResults): void {
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue
    createInterface({ input: stream }).on('line', (line) => {
      console.error(`workerd: ${line}`)
      if (/uncaught/i.test(line) && !line.includes(thrownOnPurpose)) results.addProblem(`workerd printed: ${line}`)
    })
  }
}

/** Returns the port that the system assigned, which workerd prints on its control channel. */
async function listeningPort(child: ChildProcess): Promise<number> {
  const control = createInterface({ input: child.stdio[3] as Readable })
  for await (const line of control) {
    const { event, port } = JSON.parse(line) as { event: string; port?: number }
    if (event === 'listen' && port !== undefined) return port
  }
  throw new Error('workerd ended before it listened')
}

function readReports(port: number, settings: SuiteSettings, results: RunResults): void {
  const broke = (error: Error): void => {
    results.addProblem(`the response with the reports broke: ${error.message}`)
    results.close('the response with the reports broke')
  }
  const outgoing = request({ host: '127.0.0.1', port, method: 'POST' }, (response) => {
    response.on('error', broke)
    const lines = createInterface({ input: response })
    // The interface forwards the error of its input.
    lines.on('error', broke)
    lines.on('line', (line) => {
      const report = fromReportLine(line)
      if (report !== undefined) results.record(report)
    })
    lines.on('close', () => results.close('the response with the reports ended'))
  })
  outgoing.on('error', broke)
  outgoing.end(JSON.stringify(settings))
}
