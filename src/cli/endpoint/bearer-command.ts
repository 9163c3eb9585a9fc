import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'

/**
 * Runs a command in a shell and returns its output, trimmed. The command's standard error is passed through.
 * @throws Error if the command fails, or prints nothing
 */
export async function runBearerCommand(command: string, signal: AbortSignal): Promise<string> {
  const child = spawn(command, { shell: true, stdio: ['ignore', 'pipe', 'inherit'], signal })
  const [output, [exitCode, killedBy]] = await Promise.all([
    text(child.stdout),
    once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>,
  ])
  if (exitCode !== 0) throw new Error(`--bearer-command ended with ${killedBy ?? `exit code ${exitCode}`}`)
  const token = output.trim()
  if (!token) throw new Error('--bearer-command printed no token')
  return token
}
