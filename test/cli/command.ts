import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import process from 'node:process'
import { inject } from 'vitest'

export interface CommandOptions {
  /**
   * The content of standard input.
   * @default ''
   */
  readonly input?: string
  /** Whether standard input stays open, for `type`. */
  readonly isInteractive?: boolean
  readonly environment?: Readonly<Record<string, string>>
  /**
   * The path of Node.
   * @default process.execPath
   */
  readonly node?: string
}

export interface CommandResult {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
}

const running = new Set<ChildProcess>()

/** Matches environment variables that would change the results of the tests. */
const interferingVariables = /^(node_options|no_color|force_color|(https?|no)_proxy)$/i

function cleanEnvironment(added: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !interferingVariables.test(name))
  return { ...Object.fromEntries(kept), ...added }
}

/** A running program, whose output is collected. */
class RunningProgram {
  readonly #child: ChildProcess
  #stdout = ''
  #stderr = ''
  #lines = 0
  readonly result: Promise<CommandResult>

  constructor(
    program: string,
    programArguments: readonly string[],
    { input = '', isInteractive = false, environment }: CommandOptions = {},
  ) {
    const child = spawn(program, programArguments, { env: cleanEnvironment(environment), detached: true })
    running.add(child)
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text
      this.#lines += text.split('\n').length - 1
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text
    })
    // The program may end before it has read everything.
    child.stdin.on('error', () => {})
    if (!isInteractive) child.stdin.end(input)
    this.#child = child
    this.result = this.#end()
  }

  /** Resolves when standard output has this many lines, or contains this text, or the program has ended. */
  async printed(expected: number | string): Promise<void> {
    await this.#until(() => (typeof expected === 'number' ? this.#lines >= expected : this.#stdout.includes(expected)))
  }

  /** Resolves when standard error contains this text, or the program has ended. */
  async reported(text: string): Promise<void> {
    await this.#until(() => this.#stderr.includes(text))
  }

  /** Writes a text to standard input. */
  type(text: string): void {
    this.#child.stdin?.write(text)
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Stops reading the program's output until `resume()`. */
  pause(): void {
    this.#child.stdout?.pause()
  }

  resume(): void {
    this.#child.stdout?.resume()
  }

  #until(condition: () => boolean): Promise<void> {
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

/** Runs the command, and waits for its end. */
export function runCommand(commandLine: readonly string[], options?: CommandOptions): Promise<CommandResult> {
  return startCommand(commandLine, options).result
}

/** Starts a bash script, in which `everysource` is the command. */
export function startScript(script: string, parameters: readonly string[] = []): RunningProgram {
  const command = `everysource() { '${process.execPath}' '${inject('command')}' "$@"; }`
  return new RunningProgram('bash', ['-c', `${command}\n${script}`, 'bash', ...parameters])
}

/** Runs a bash script, and waits for its end. */
export function runScript(script: string, parameters?: readonly string[]): Promise<CommandResult> {
  return startScript(script, parameters).result
}

/** Whether a terminal can be made: by script(1) of util-linux; other implementations have other options. */
export const hasTerminal = process.platform === 'linux' && existsSync('/usr/bin/script')

if (!hasTerminal) {
  if (process.env['CI']) throw new Error('script(1) is missing (Debian: bsdutils)')
  console.warn('SKIPPED: script(1) is missing (Debian: bsdutils)')
}

/** Starts the command on a terminal with colors, with this number of columns. Its output is all in `stdout`. */
export function startOnTerminal(
  commandLine: readonly string[],
  { columns = 80, environment = {} }: { columns?: number; environment?: Readonly<Record<string, string>> } = {},
): RunningProgram {
  // Node uses no colors if CI is set.
  const variables = Object.entries({ TERM: 'xterm-256color', ...environment }).map(
    ([name, value]) => `${name}=${value}`,
  )
  const words = [process.execPath, inject('command'), ...commandLine].map((word) => `'${word}'`).join(' ')
  return startProgramOnTerminal(
    `stty cols ${columns}; exec env -u CI -u NO_COLOR -u FORCE_COLOR ${variables.join(' ')} ${words}`,
  )
}

/** Runs a shell command on a terminal. Its output is all in `stdout`. */
export function startProgramOnTerminal(command: string): RunningProgram {
  return new RunningProgram('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    isInteractive: true,
  })
}

/** Kills the programs that failed tests have left behind; for `afterEach`. */
export function killCommands(): void {
  for (const { pid } of running) {
    try {
      // The whole process group: the processes that a script has started would otherwise survive.
      if (pid !== undefined) process.kill(-pid, 'SIGKILL')
    } catch {
      // The program has just ended.
    }
  }
}
