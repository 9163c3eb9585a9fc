import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { bunExecutable, denoExecutable } from './runtimes/binaries.ts'

/** The default of the maximum time in ms for a program, which takes a small part of it. */
const defaultMaxRunTime = 400_000

/** A runtime that runs programs which are bundled with the library. */
export class ProgramRuntime {
  readonly name: string
  /** The path of the executable; undefined where it is not installed. */
  readonly executable: string | undefined
  readonly #arguments: readonly string[]
  readonly #platform: 'node' | 'neutral'
  readonly #environment: NodeJS.ProcessEnv

  /** @param platform selects the build of the library: that for Node, or that for any server */
  constructor(
    name: string,
    executable: string | undefined,
    runtimeArguments: readonly string[],
    platform: 'node' | 'neutral' = 'neutral',
    environment: NodeJS.ProcessEnv = {},
  ) {
    this.#environment = environment
    this.name = name
    this.executable = executable
    this.#arguments = runtimeArguments
    this.#platform = platform
  }

  /** Runs a program to its end, and returns what it printed. A program that exceeds the time in ms is killed. */
  async run(entry: URL, programArguments: readonly string[], maxRunTime = defaultMaxRunTime): Promise<string> {
    if (this.executable === undefined) throw new Error(`${this.name} is not installed`)
    const directory = await mkdtemp(join(tmpdir(), 'program-'))
    try {
      const program = join(directory, 'program.mjs')
      await writeFile(program, await bundleProgram(entry, this.#platform))
      const { NODE_OPTIONS: _, ...environment } = process.env
      const { stdout } = await promisify(execFile)(
        this.executable,
        [...this.#arguments, program, ...programArguments],
        {
          env: { ...environment, ...this.#environment, DENO_DIR: join(directory, 'deno'), DENO_NO_UPDATE_CHECK: '1' },
          timeout: maxRunTime,
          killSignal: 'SIGKILL',
          maxBuffer: 16 * 1_024 * 1_024,
        },
      )
      return stdout
    } catch (error) {
      const { message, signal } = error as Error & { signal?: string }
      throw new Error(`${entry} ${signal ? `was ended by ${signal}` : 'failed'}: ${message}`, { cause: error })
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  }
}

/** The runtimes, each with a gc() that programs can call. */
export const programRuntimes = {
  node: new ProgramRuntime('Node over HTTP/1.1', process.execPath, ['--expose-gc'], 'node'),
  // The certificate of the test servers is self-signed.
  'node-http2': new ProgramRuntime('Node over HTTP/2', process.execPath, ['--expose-gc'], 'node', {
    NODE_TLS_REJECT_UNAUTHORIZED: '0',
    NODE_NO_WARNINGS: '1',
  }),
  'node-fetch': new ProgramRuntime('Node over fetch', process.execPath, ['--expose-gc']),
  deno: new ProgramRuntime('Deno', denoExecutable(), ['run', '--no-config', '-A', '--v8-flags=--expose-gc']),
  bun: new ProgramRuntime('Bun', bunExecutable(), []),
}

async function bundleProgram(entry: URL, platform: 'node' | 'neutral'): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(entry)],
    bundle: true,
    write: false,
    target: 'es2022',
    format: 'esm',
    external: ['node:*'],
    platform,
    logLevel: 'error',
    ...(platform === 'node' && {
      // undici is a CommonJS package, and requires the modules of Node.
      banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)" },
    }),
  })
  const [output] = outputFiles
  if (output === undefined) throw new Error(`nothing was bundled for ${entry}`)
  return output.text
}
