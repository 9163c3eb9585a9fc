import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { inject } from 'vitest'

export interface CommandOptions {
  /** What it reads from standard input (nothing). */
  readonly input?: string
  readonly environment?: Readonly<Record<string, string>>
  /** The Node to run it with. */
  readonly node?: string
}

export interface CommandResult {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
}

const running = new Set<ChildProcess>()

/** What the machine of a test may have set, and would change what is tested. */
const meddlesome = /^(node_options|no_color|force_color|(https?|no)_proxy)$/i

function cleanEnvironment(added: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !meddlesome.test(name))
  return { ...Object.fromEntries(kept), ...added }
}

/** A program while it runs; what it writes is collected. */
class RunningProgram {
  readonly #child: ChildProcess
  #stdout = ''
  #stderr = ''
  #lines = 0
  readonly result: Promise<CommandResult>

  constructor(program: string, programArguments: readonly string[], { input = '', environment }: CommandOptions = {}) {
    const child = spawn(program, programArguments, { env: cleanEnvironment(environment), detached: true })
    running.add(child)
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text
      this.#lines += text.split('\n').length - 1
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text
    })
    // It may end before it has read everything.
    child.stdin.on('error', () => {}).end(input)
    this.#child = child
    this.result = this.#end()
  }

  /** Resolves when so many lines, or this text, have come on standard output, or the program has ended. */
  async printed(expected: number | string): Promise<void> {
    await this.#happened(() =>
      typeof expected === 'number' ? this.#lines >= expected : this.#stdout.includes(expected),
    )
  }

  /** Resolves when this text has come on standard error, or the program has ended. */
  async said(text: string): Promise<void> {
    await this.#happened(() => this.#stderr.includes(text))
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Nothing of its output is read until `resume()`. */
  pause(): void {
    this.#child.stdout?.pause()
  }

  resume(): void {
    this.#child.stdout?.resume()
  }

  #happened(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (condition()) resolve()
      }
      this.#child.stdout?.on('data', check)
      this.#child.stderr?.on('data', check)
      this.#child.on('close', () => resolve())
      check()
    })
  }

  async #end(): Promise<CommandResult> {
    const [exitCode, signal] = (await once(this.#child, 'close')) as [number | null, NodeJS.Signals | null]
    running.delete(this.#child)
    return { stdout: this.#stdout, stderr: this.#stderr, exitCode, signal }
  }
}

export function startCommand(commandLine: readonly string[], options: CommandOptions = {}): RunningProgram {
  return new RunningProgram(options.node ?? process.execPath, [inject('command'), ...commandLine], options)
}

/** Runs the command to its end. */
export function runCommand(commandLine: readonly string[], options?: CommandOptions): Promise<CommandResult> {
  return startCommand(commandLine, options).result
}

/** Starts a script of bash's; in it, `everysource` is the command. */
export function startScript(script: string, parameters: readonly string[] = []): RunningProgram {
  const command = `everysource() { '${process.execPath}' '${inject('command')}' "$@"; }`
  return new RunningProgram('bash', ['-c', `${command}\n${script}`, 'bash', ...parameters])
}

/** Runs a script of bash's to its end. */
export function runScript(script: string, parameters?: readonly string[]): Promise<CommandResult> {
  return startScript(script, parameters).result
}

/** For `afterEach`: a test that failed may have left something behind. */
export function killCommands(): void {
  for (const { pid } of running) {
    try {
      // The whole group, for what a script has started would live on.
      if (pid !== undefined) process.kill(-pid, 'SIGKILL')
    } catch {
      // It has just ended.
    }
  }
}
