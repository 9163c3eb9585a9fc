import installRuntimes from '../runtimes/install.ts'
import { measureProcess, writeReporter } from './measure-start.ts'
import { measureWorkload } from './measure-workload.ts'
import { readOptions } from './options.ts'
import { peersDirectory } from './peers.ts'
import { entryPointOf, environment, executables, type Feed, type Programs, runClient } from './processes.ts'
import { titleAtScale, titleOf, versionOf } from './report.ts'
import type { Result } from './result.ts'
import { runBenchmarks } from './run-benchmarks.ts'
import { type StartWorkload, writeStartProgram } from './start-workloads.ts'
import { type SubjectName, subjects } from './subjects.ts'
import { type Runtime, type Workload, type WorkloadName, workloadNames, workloads } from './workloads.ts'

/** The time in ms after which a client is killed. */
const timeout = 60_000

const root = `${import.meta.dirname}/../..`

const runtimeTitles: Readonly<Record<Runtime, string>> = { node: 'Node', deno: 'Deno', bun: 'Bun' }

const options = readOptions('bench', workloadNames)

async function describeRuntime(runtime: Runtime): Promise<string> {
  const executable = executables[runtime]()
  const title = runtimeTitles[runtime]
  return executable === undefined ? title : `${title} ${await versionOf(executable)}`
}

const checkoutOf = (subject: SubjectName): string => (subject === 'other' ? (options.other ?? root) : root)

async function measure(name: WorkloadName, programs: Programs, feed: Feed): Promise<Result> {
  const workload = workloads[name]
  return 'start' in workload
    ? measureStart(name, workload, programs, feed)
    : measureClients(name, workload, programs, feed)
}

/** Measures whole processes. */
async function measureStart(
  name: WorkloadName,
  workload: StartWorkload,
  { directory }: Programs,
  { origins }: Feed,
): Promise<Result> {
  const { title, metrics, subjects: names } = workload
  const reporter = await writeReporter(directory)
  const participants = await Promise.all(
    names.filter(options.includes).map(async (subject) => {
      const everysource = entryPointOf(checkoutOf(subject), 'node')
      const program = await writeStartProgram(workload, subject, {
        directory,
        everysource,
        url: `${origins.http}/idle`,
      })
      return {
        subject: { ...subjects[subject], title: await titleOf(subjects[subject]) },
        run: () => measureProcess(program, { reporter, cwd: peersDirectory, env: environment(), timeout }),
      }
    }),
  )
  const { rounds } = options
  return measureWorkload(
    { name, title, metrics, rounds, scale: 1, runtime: await describeRuntime('node') },
    participants,
  )
}

async function measureClients(name: WorkloadName, workload: Workload, programs: Programs, feed: Feed): Promise<Result> {
  const { title, metrics, runtime, protocol = 'http', route, measurement } = workload
  const { rounds, scale } = options
  const count = Math.ceil(workload.count * scale)
  const url = `${feed.origins[protocol]}${route}`
  await fetch(`${feed.origins.http}${route}?count=${count}`, { method: 'HEAD' })
  const participants = await Promise.all(
    workload.subjects.filter(options.includes).map(async (subject) => {
      const task = { subject, measurement, url, count, everysource: entryPointOf(checkoutOf(subject), runtime) }
      return {
        subject: { ...subjects[subject], title: await titleOf(subjects[subject]) },
        run: () => runClient(programs, runtime, task, timeout),
      }
    }),
  )
  const description = { name, title: titleAtScale(title, scale), metrics, rounds, scale }
  return measureWorkload({ ...description, runtime: await describeRuntime(runtime) }, participants)
}

async function prepare(): Promise<void> {
  if (options.workloads.some((name) => workloads[name].runtime !== 'node')) await installRuntimes()
}

await runBenchmarks(options, prepare, measure)
