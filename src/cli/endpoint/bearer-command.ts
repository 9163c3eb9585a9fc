import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'

/** The error of a command whose output is not a token: running the command again would not change that. */
export class InvalidTokenError extends Error {}

/** The command of `--bearer-command`, which runs before every attempt. */
export class BearerCommand {
  readonly #command: string
  readonly #signal: AbortSignal
  /** Ends the running command. */
  #end: (() => void) | undefined

  /** @param signal a signal that ends the running command, with all that it has started */
  constructor(command: string, signal: AbortSignal) {
    this.#command = command
    this.#signal = signal
    signal.addEventListener('abort', () => this.#end?.())
  }

  /**
   * Runs the command in a shell and returns its output, trimmed. The command's standard error is passed through. If the
   * command of an earlier attempt still runs, it is ended.
   * @throws Error if the command fails, is ended, or prints nothing
   * @throws InvalidTokenError if the output has more than one line
   */
  async run(): Promise<string> {
    this.#end?.()
    if (this.#signal.aborted) throw new Error('--bearer-command was not run: everysource ends')
    // The shell gets its own process group: a signal to the shell alone would not end what it has started.
    const child = spawn(this.#command, { shell: true, stdio: ['ignore', 'pipe', 'inherit'], detached: true })
    const end = (): void => {
      killGroup(child)
      child.stdout.destroy()
      child.unref()
    }
    this.#end = end
    try {
      const [output, [exitCode, killedBy]] = await Promise.all([
        text(child.stdout),
        once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>,
      ])
      if (exitCode !== 0) throw new Error(`--bearer-command ended with ${killedBy ?? `exit code ${exitCode}`}`)
      return readToken(output)
    } finally {
      if (this.#end === end) this.#end = undefined
    }
  }
}

function readToken(output: string): string {
  const token = output.trim()
  if (!token) throw new Error('--bearer-command printed no token')
  if (/[\r\n]/.test(token)) throw new InvalidTokenError('--bearer-command printed more than one line, not a token')
  return token
}

function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(process.platform === 'win32' ? pid : -pid)
  } catch {
    // All its processes have just ended.
  }
}
