import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { inject } from 'vitest'
import { readDocument, replaceAll, samplesIn } from './documents.ts'
import { type Program, startProgram } from './program.ts'

const root = resolve(import.meta.dirname, '../..')
const packages = (folder: string, name: string): string => join(folder, 'node_modules', name)

/** A project that has installed the package, and the server that the documents' samples talk to. */
export interface SampleProject extends AsyncDisposable {
  readonly directory: string
  /** The origin of the server: what stands for http://localhost:3000. */
  readonly origin: string
  /** Writes a sample into the project, for this server and with other replacements. */
  write(name: string, text: string, replacements?: Readonly<Record<string, string>>): Promise<void>
  /** Starts Node. */
  start(args: readonly string[], env?: NodeJS.ProcessEnv): Program
  /** Starts a line of a shell, for this server. */
  startShell(line: string, shell?: string): Program
}

export interface SampleProjectOptions {
  /** A project that has installed the package (default: the consumer's). */
  folder?: string
  /** How many times as fast as in the document the server is: 1 or 10. */
  speed?: 1 | 10
}

export async function startSampleProject(options: SampleProjectOptions = {}): Promise<SampleProject> {
  const { folder = inject('consumer'), speed = 1 } = options
  const directory = await realpath(await mkdtemp(join(tmpdir(), 'everysource-samples-')))
  // Node looks for packages from the real path on, so that the package's own dependencies are found.
  await mkdir(join(directory, 'node_modules'))
  for (const name of ['everysource', '.bin', 'undici']) await symlink(packages(folder, name), packages(directory, name))
  await symlink(packages(root, 'vitest'), packages(directory, 'vitest'))
  await writeFile(join(directory, 'package.json'), '{ "private": true }')
  const sample = samplesIn(await readDocument('src/REFERENCE.md')).find(({ name }) => name === 'server.mjs')
  const listen = `.listen(0, '127.0.0.1', function () { console.log(this.address().port) })`
  const times = {
    '8_000': `${8_000 / speed}`,
    'retry: 1000': `retry: ${1_000 / speed}`,
    '}, 500)': `}, ${500 / speed})`,
  }
  await writeFile(
    join(directory, 'server.mjs'),
    replaceAll(sample?.text ?? '', { ".listen(3000, '127.0.0.1')": listen, ...times }),
  )
  const server = startProgram(['server.mjs'], { cwd: directory })
  const origin = `http://localhost:${await server.firstLine()}`
  const localize = (text: string): string =>
    text.replaceAll('http://localhost:3000', origin).replaceAll('localhost:3000', origin.slice('http://'.length))
  return {
    directory,
    origin,
    write: (name, text, replacements = {}) =>
      writeFile(join(directory, name), replaceAll(localize(text), replacements)),
    start: (args, env = {}) => startProgram(args, { cwd: directory, env, hasChildren: true }),
    startShell: (line, shell = 'sh') =>
      startProgram(['-c', localize(line)], {
        executable: shell,
        cwd: directory,
        env: { npm_config_offline: 'true', PATH: `${join(process.execPath, '..')}:${process.env['PATH']}` },
        hasChildren: true,
      }),
    async [Symbol.asyncDispose]() {
      server[Symbol.dispose]()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
