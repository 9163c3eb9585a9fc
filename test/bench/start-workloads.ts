import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { SubjectName } from './subjects.ts'
import type { BenchmarkDescription, Metric } from './workloads.ts'

/** A benchmark of whole processes, from their start to their exit. */
export interface StartWorkload extends BenchmarkDescription {
  readonly runtime: 'node'
  readonly start: 'import' | 'first-event' | 'command'
  /** The command line of everysource; only for `command`. */
  readonly commandLine: readonly string[]
  readonly subjects: readonly SubjectName[]
}

const metrics: readonly Metric[] = [
  { key: 'cpu', title: 'CPU time', unit: 'ms' },
  { key: 'memory', title: 'peak memory', unit: 'MiB' },
]

const peers = [
  'eventsource',
  'eventsource4',
  'undici',
  'eventsource-client',
  'launchdarkly-eventsource',
] as const satisfies readonly SubjectName[]

const ours = { runtime: 'node', start: 'command', subjects: ['everysource', 'other', 'empty'], metrics } as const

export const startWorkloads = {
  import: {
    title: 'A program that imports the client and exits',
    runtime: 'node',
    start: 'import',
    commandLine: [],
    subjects: ['everysource', 'other', ...peers, 'empty'],
    metrics,
  },
  'first-event': {
    title: 'A program that exits 300 ms after the first event',
    runtime: 'node',
    start: 'first-event',
    commandLine: [],
    subjects: [
      'everysource',
      'other',
      'eventsource',
      'eventsource4',
      'undici',
      'http-discard',
      'fetch-discard',
      'empty',
    ],
    metrics,
  },
  version: { title: 'everysource --version', commandLine: ['--version'], ...ours },
  help: { title: 'everysource --help', commandLine: ['--help'], ...ours },
} as const satisfies Record<string, StartWorkload>

/** The modules of the peers. */
const modules: Partial<Record<SubjectName, string>> = {
  eventsource: 'eventsource',
  eventsource4: 'eventsource4',
  undici: 'undici',
  'eventsource-client': 'eventsource-client',
  'launchdarkly-eventsource': 'launchdarkly-eventsource',
}

/**
 * Code that ends the process a moment after the first event, when the compiler of WebAssembly is done, too, which works in
 * the background for parsers of HTTP.
 */
const endSoon = 'setTimeout(() => process.exit(), 300)'

/** The source text of the baselines that wait for a first event. */
const baselines: Partial<Record<SubjectName, string>> = {
  'http-discard': `import { get } from 'node:http'
    get(process.argv[2], (response) => response.once('data', () => ${endSoon}))`,
  'fetch-discard': `const { body } = await fetch(process.argv[2])
    await body.getReader().read()
    ${endSoon}`,
}

function sourceOf({ start }: StartWorkload, subject: SubjectName, everysource: string): string {
  if (subject === 'empty') return ''
  const module = JSON.stringify(modules[subject] ?? everysource)
  if (start === 'import') return `import ${module}`
  return (
    baselines[subject] ??
    `import { EventSource } from ${module}
    new EventSource(process.argv[2]).onmessage = () => ${endSoon}`
  )
}

/**
 * Writes the program of a subject, and returns the arguments that Node runs it with.
 * @param directory a directory beside the peers
 * @param everysource the file to import everysource from
 */
export async function writeStartProgram(
  workload: StartWorkload,
  subject: SubjectName,
  { directory, everysource, url }: { directory: string; everysource: string; url: string },
): Promise<readonly string[]> {
  if (workload.start === 'command' && subject !== 'empty') {
    return [resolve(everysource, '../cli/main.js'), ...workload.commandLine]
  }
  const file = join(directory, `${workload.start}-${subject}.mjs`)
  await writeFile(file, sourceOf(workload, subject, everysource))
  return [file, url]
}
