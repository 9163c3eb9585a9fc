import { type ChildProcess, execFile, fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { certificate } from '../../fixtures/certificate.ts'
import { bunExecutable, denoExecutable } from '../runtimes/binaries.ts'
import type { Task } from './client/client.ts'
import type { FeedCommand, FeedOrigins } from './feed/feed.ts'
import type { Values } from './measure.ts'
import { peersDirectory } from './peers.ts'
import type { Runtime } from './workloads.ts'

const here = import.meta.dirname

/** The programs of the benchmarks as JavaScript for every runtime. They are stored beside the peers that they import. */
export interface Programs {
  readonly directory: string
  readonly feed: string
  readonly client: string
  /** The certificate of the feed over TLS. */
  readonly certificate: string
  remove(): Promise<void>
}

export async function buildPrograms(): Promise<Programs> {
  const directory = await mkdtemp(join(peersDirectory, 'node_modules/.programs-'))
  await build({
    entryPoints: { feed: join(here, 'feed/feed.ts'), client: join(here, 'client/client.ts') },
    outdir: directory,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    packages: 'external',
    format: 'esm',
    target: 'es2022',
    logLevel: 'error',
  })
  const certificateFile = join(directory, 'certificate.pem')
  await writeFile(certificateFile, certificate)
  return {
    directory,
    feed: join(directory, 'feed.mjs'),
    client: join(directory, 'client.mjs'),
    certificate: certificateFile,
    remove: () => rm(directory, { recursive: true, force: true }),
  }
}

/** Returns the environment without variables that change how some clients send their requests. */
export function environment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(node_options|(https?|no|all)_proxy)$/i.test(name))
  return { ...Object.fromEntries(kept), DENO_NO_UPDATE_CHECK: '1' }
}

export interface Feed {
  readonly origins: FeedOrigins
  readonly pid: number
  /** Adds a file for pages. */
  serve(path: string, type: string, body: string): Promise<void>
  /** Resolves when a page is ready to be measured. */
  pageReady(): Promise<void>
  /** Starts the measurement in the page, and resolves with its values. */
  measurePage(): Promise<Values>
  close(): Promise<void>
}

export async function startFeed(program: string): Promise<Feed> {
  const child = fork(program, { env: environment(), execArgv: [] })
  const send = (command: FeedCommand): boolean => child.send(command)
  const origins: FeedOrigins = JSON.parse(await receive(child))
  return {
    origins,
    pid: child.pid ?? 0,
    async serve(path, type, body) {
      send({ path, type, body })
      await receive(child)
    },
    async pageReady() {
      await receive(child)
    },
    async measurePage() {
      send('go')
      return JSON.parse(await receive(child))
    },
    async close() {
      if (child.exitCode !== null) return
      const exited = once(child, 'exit')
      if (child.connected) child.disconnect()
      await exited
    },
  }
}

/** Returns the next message of the feed. */
async function receive(child: ChildProcess): Promise<string> {
  const controller = new AbortController()
  const { signal } = controller
  try {
    const exited = once(child, 'exit', { signal }).then(([code]) => {
      throw new Error(`the feed exited with ${code}`)
    })
    const [message] = await Promise.race([once(child, 'message', { signal }), exited])
    return `${message}`
  } finally {
    controller.abort()
  }
}

/** Return the executable of a runtime, or undefined if it is not installed. */
export const executables: Readonly<Record<Runtime, () => string | undefined>> = {
  node: () => process.execPath,
  deno: denoExecutable,
  bun: bunExecutable,
}

const runtimeArguments: Readonly<Record<Runtime, readonly string[]>> = {
  node: ['--expose-gc'],
  deno: ['run', '--allow-all', '--no-lock', '--node-modules-dir=manual'],
  bun: [],
}

/** The files that the conditions of the package's exports select. */
const entryPoints = {
  node: 'dist/node/index.js',
  deno: 'dist/default/index.js',
  bun: 'dist/default/index.js',
  browser: 'dist/browser/index.js',
} as const satisfies Record<Runtime | 'browser', string>

/**
 * Returns the file of a checkout that programs of a runtime import.
 * @throws Error if the checkout is not built
 */
export function entryPointOf(checkout: string, runtime: keyof typeof entryPoints): string {
  const file = resolve(checkout, entryPoints[runtime])
  if (!existsSync(file)) throw new Error(`${file} does not exist: run npm run build`)
  return file
}

/**
 * Runs a client in its own process.
 * @param timeout the time in ms after which the process is killed
 * @throws Error with the reason if the client failed or timed out
 */
export async function runClient(programs: Programs, runtime: Runtime, task: Task, timeout: number): Promise<Values> {
  const file = executables[runtime]()
  if (file === undefined) throw new Error(`${runtime} is not installed`)
  try {
    const { stdout } = await promisify(execFile)(
      file,
      [...runtimeArguments[runtime], programs.client, JSON.stringify(task)],
      {
        cwd: peersDirectory,
        env: task.url.startsWith('https:')
          ? { ...environment(), NODE_EXTRA_CA_CERTS: programs.certificate }
          : environment(),
        timeout,
        killSignal: 'SIGKILL',
      },
    )
    return JSON.parse(stdout) as Values
  } catch (error) {
    const { killed, message } = error as Error & { killed?: boolean }
    if (killed) throw new Error(`timed out after ${timeout / 1_000} s`, { cause: error })
    // The first line is the command, and the others are what the client printed.
    const [command, ...lines] = message.split('\n')
    throw new Error(lines.find((line) => /^\S*Error/.test(line)) ?? command, { cause: error })
  }
}
