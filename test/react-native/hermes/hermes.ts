import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { transform } from 'esbuild'
import { type Host, type Message, messageMark } from './messages.ts'
import { Networking, type Platform } from './networking.ts'

export interface HermesOptions {
  readonly executable: string
  readonly platform: Platform
  /** React Native's JavaScript, as Metro bundles it. */
  readonly environment: string
  /** Called with every message of the program. */
  readonly onMessage: (value: unknown) => void
  /** Called with every uncaught error, and at an unexpected end of the VM. */
  readonly onProblem: (problem: string) => void
}

/** The level of `console.error`. */
const errorLevel = 3

/** Matches the names of native modules that React Native's JavaScript does not need. */
const optionalModules = /^(RedBox|BugReporting|HeadlessJsTaskSupport|DeviceEventManager|BlobModule|Native\w+Cxx)$/

async function hostScript(): Promise<string> {
  const file = fileURLToPath(new URL('host.ts', import.meta.url))
  const messages = fileURLToPath(new URL('messages.ts', import.meta.url))
  const [host, constants] = await Promise.all([readFile(file, 'utf8'), readFile(messages, 'utf8')])
  const source = `${constants}\n${host.replace(/^import .*messages\.ts'$/m, '')}`
  const { code } = await transform(source, { loader: 'ts', format: 'iife', target: 'es2020' })
  return code
}

/** A Hermes VM with React Native's JavaScript; this process is its native side. */
export class Hermes {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #networking: Networking
  readonly #timers = new Map<number, NodeJS.Timeout>()
  readonly #options: HermesOptions
  #isClosed = false
  readonly #ended: Promise<void>

  private constructor(options: HermesOptions) {
    this.#options = options
    this.#networking = new Networking(options.platform, (type, values) => this.#call('emit', type, values))
    this.#child = spawn(options.executable, ['-Xmicrotask-queue', '-w'])
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#receive(line))
    createInterface({ input: this.#child.stderr }).on('line', (line) => options.onProblem(`Hermes: ${line}`))
    // A write to a VM that has ended fails; its end is reported below.
    this.#child.stdin.on('error', () => {})
    this.#ended = new Promise((resolve) => {
      this.#child.on('close', (code, signal) => {
        if (!this.#isClosed) options.onProblem(`Hermes ended with ${signal ?? code}`)
        resolve()
      })
    })
  }

  /** Starts a Hermes, and loads React Native's JavaScript. */
  static async start(options: HermesOptions): Promise<Hermes> {
    const hermes = new Hermes(options)
    hermes.#evaluate(`globalThis.platform = ${JSON.stringify(options.platform)}`)
    hermes.#evaluate(await hostScript())
    hermes.load(options.environment)
    return hermes
  }

  get networking(): Networking {
    return this.#networking
  }

  /** Evaluates a script, as a bundle is. */
  load(source: string): void {
    this.#call('load', source)
  }

  /** The resident memory of the VM's process in bytes: its own statistics leave out the text of long strings. */
  async residentMemory(): Promise<number> {
    const status = await readFile(`/proc/${this.#child.pid}/status`, 'utf8')
    return Number(/^VmRSS:\s*(\d+) kB/m.exec(status)?.[1]) * 1_024
  }

  /** Tells the app that its state has changed. */
  setAppState(state: 'active' | 'inactive' | 'background'): void {
    this.#call('emit', 'appStateDidChange', { app_state: state })
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const timer of this.#timers.values()) clearTimeout(timer)
    this.#networking.close()
    this.#child.kill('SIGKILL')
    await this.#ended
  }

  #call<Name extends keyof Host>(name: Name, ...values: Parameters<Host[Name]>): void {
    // JSON is JavaScript, except for these two in older versions of it.
    const literals = values.map((value) => JSON.stringify(value).replace(/[\u2028\u2029]/g, escapeSeparator))
    this.#write(`__host.${name}(${literals.join(', ')})`)
  }

  #evaluate(source: string): void {
    this.#write(`void (0, eval)(${JSON.stringify(source)})`)
  }

  /** The VM evaluates each line, and then runs what it has queued as microtasks. */
  #write(line: string): void {
    if (!this.#isClosed) this.#child.stdin.write(`${line}\n`)
  }

  #receive(line: string): void {
    const start = line.indexOf(messageMark)
    if (start >= 0) this.#handle(JSON.parse(line.slice(start + messageMark.length)) as Message)
    else if (/\b(Uncaught|Error)\b/.test(line)) this.#options.onProblem(`Hermes printed: ${line}`)
  }

  #handle(message: Message): void {
    const { onMessage, onProblem } = this.#options
    switch (message.kind) {
      case 'request':
        this.#networking.send(message.request)
        break
      case 'abort':
        this.#networking.abort(message.id)
        break
      case 'timer':
        this.#startTimer(message.id, message.delay, message.repeats)
        break
      case 'clear-timer':
        this.#clearTimer(message.id)
        break
      case 'log':
        if (message.level >= errorLevel) onProblem(`logged: ${message.text}`)
        break
      case 'uncaught':
        onProblem(message.error)
        break
      case 'missing-module':
        if (!optionalModules.test(message.name)) onProblem(`no native module ${message.name}`)
        break
      case 'program':
        onMessage(message.value)
        break
    }
  }

  #startTimer(id: number, delay: number, repeats: boolean): void {
    const run = (): void => {
      if (!repeats) this.#timers.delete(id)
      this.#call('runTimer', id)
    }
    this.#timers.set(id, repeats ? setInterval(run, delay) : setTimeout(run, delay))
  }

  #clearTimer(id: number): void {
    // For intervals, too.
    clearTimeout(this.#timers.get(id))
    this.#timers.delete(id)
  }
}

function escapeSeparator(separator: string): string {
  return separator === '\u2028' ? '\\u2028' : '\\u2029'
}
