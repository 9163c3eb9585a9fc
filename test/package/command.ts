import { type ExecFileException, execFile } from 'node:child_process'

export interface CommandOptions {
  cwd?: string
  env?: NodeJS.ProcessEnv
  /** The timeout in ms, by default a little shorter than that of a test, so that no test leaves a program behind. */
  timeout?: number
}

/** Runs a program to its end and returns its stdout. The error of a program that fails contains all of its output. */
export const run = (file: string, args: readonly string[], options: CommandOptions = {}): Promise<string> =>
  new Promise((resolve, reject) => {
    const finished = (failure: ExecFileException | null, stdout: string, stderr: string): void => {
      const ending = failure?.signal ? `was ended by ${failure.signal}` : `exited with ${failure?.code}`
      const message = `${[file, ...args].join(' ')} ${ending}\n${stdout}${stderr}`
      if (failure) reject(new Error(message))
      else resolve(stdout)
    }
    execFile(file, args, { timeout: 360_000, maxBuffer: 64 * 1024 * 1024, ...options }, finished)
  })
