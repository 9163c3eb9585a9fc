import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

/** A server of a third-party library in its own process, which can be killed. */
export class ServerProcess {
  readonly port: number
  readonly #child: ChildProcess

  private constructor(child: ChildProcess, port: number) {
    this.#child = child
    this.port = port
  }

  /** Starts one of the programs in servers/, which prints its port as soon as it listens. Port 0 is any free one. */
  static async start(name: string, port = 0): Promise<ServerProcess> {
    for (let tries = 1; ; tries++) {
      try {
        return await ServerProcess.#start(name, port)
      } catch (error) {
        // Another test may have used the port while the server was down.
        if (port === 0 || tries === 10) throw error
        await pause(500)
      }
    }
  }

  static async #start(name: string, port: number): Promise<ServerProcess> {
    const program = fileURLToPath(new URL(`./servers/${name}.mjs`, import.meta.url))
    const child = spawn(process.execPath, [program, String(port)], { stdio: ['ignore', 'pipe', 'pipe'] })
    const errorOutput: string[] = []
    child.stderr.on('data', (text) => errorOutput.push(String(text)))
    for await (const line of createInterface({ input: child.stdout })) {
      const [, listeningOn] = /^listening on (\d+)$/.exec(line) ?? []
      if (listeningOn !== undefined) return new ServerProcess(child, Number(listeningOn))
    }
    throw new Error(`The server ${name} did not start:\n${errorOutput.join('')}`)
  }

  /** Kills the process as a crash would, without finishing anything. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exited = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exited
  }
}
