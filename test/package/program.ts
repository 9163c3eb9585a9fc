import { type ChildProcess, spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import process from 'node:process'
import { inject } from 'vitest'

export interface ProgramOptions {
  /** The executable of the runtime (default: this Node). */
  executable?: string
  env?: NodeJS.ProcessEnv
  /** The working directory (default: the consumer's project). */
  cwd?: string
  /** Whether it starts programs that have to end with it. */
  hasChildren?: boolean
}

export interface ModuleOptions extends ProgramOptions {
  /** Whether the text is a CommonJS module. */
  commonJs?: boolean
}

export interface Program extends Disposable {
  /** Resolves once this was printed as a separate line, and rejects if the process exits without printing it. */
  printed(line: string): Promise<void>
  /** Resolves with the first line that was printed. */
  firstLine(): Promise<string>
  /** Resolves when standard output or standard error contains a match, and rejects if the process exits without one. */
  reported(pattern: RegExp): Promise<void>
  /** Resolves when the program has exited on its own. */
  readonly exited: Promise<{ stdout: string; stderr: string; exitCode: number | null }>
}

// Variables of the machine that runs the tests.
const { HTTP_PROXY, HTTPS_PROXY, NO_PROXY, http_proxy, https_proxy, no_proxy, NODE_OPTIONS, ...environment } =
  process.env

/** Starts a runtime with these arguments. */
export function startProgram(given: readonly string[], options: ProgramOptions = {}): Program {
  const { executable = process.execPath, env = {}, cwd = inject('consumer'), hasChildren = false } = options
  const child: ChildProcess = spawn(executable, given, {
    cwd,
    env: { ...environment, ...env },
    detached: hasChildren,
    stdio: ['ignore', 'pipe', 'pipe'],
    // A little shorter than the timeout of a test, so that no test leaves a program behind.
    timeout: 360_000,
    killSignal: 'SIGKILL',
  })
  const { stdout, stderr } = child
  if (!stdout || !stderr) throw new Error('the process has no output')
  let soFar = ''
  let errors = ''
  const output = new EventEmitter()
  stdout.setEncoding('utf8').on('data', (chunk: string) => {
    soFar += chunk
    output.emit('more')
  })
  stderr.setEncoding('utf8').on('data', (chunk: string) => {
    errors += chunk
    output.emit('more')
  })
  const closed = once(child, 'close').then(async ([exitCode, signal]) => {
    const result = { stdout: soFar, stderr: errors, exitCode: exitCode as number | null }
    if (signal) throw new Error(`ended by ${signal} after ${JSON.stringify(result)}`)
    return result
  })
  closed.catch(() => {})
  const until = async (holds: () => boolean, what: string): Promise<void> => {
    while (!holds()) {
      const result = await Promise.race([closed, once(output, 'more').then(() => undefined)])
      if (result && !holds()) throw new Error(`exited without printing ${what}: ${JSON.stringify(result)}`)
    }
  }
  return {
    exited: closed,
    printed: (line) => until(() => `\n${soFar}`.includes(`\n${line}\n`), line),
    async firstLine() {
      await until(() => soFar.includes('\n'), 'a line')
      return soFar.slice(0, soFar.indexOf('\n'))
    },
    reported: (pattern) => until(() => pattern.test(soFar) || pattern.test(errors), `${pattern}`),
    [Symbol.dispose]() {
      if (hasChildren && child.pid !== undefined && isRunning(child.pid)) process.kill(-child.pid, 'SIGKILL')
      else child.kill('SIGKILL')
    },
  }
}

/** Whether a program of this process group is running. */
function isRunning(group: number): boolean {
  try {
    return process.kill(-group, 0)
  } catch {
    return false
  }
}

/** Runs a module's text like a file in the consumer's project. */
export function startModule(source: string, { commonJs = false, ...options }: ModuleOptions = {}): Program {
  return startProgram([`--input-type=${commonJs ? 'commonjs' : 'module'}`, '--eval', source], options)
}

/** Runs a module's text to its end, and returns what it printed. */
export async function runModule(source: string, options?: ModuleOptions): Promise<string> {
  using module = startModule(source, options)
  const { stdout, stderr, exitCode } = await module.exited
  if (exitCode !== 0) throw new Error(`exited with ${exitCode}\n${stdout}${stderr}`)
  return stdout
}
