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
  /** Gets what the program says. */
  readonly onMessage: (value: unknown) => void
  /** Gets errors that nobody caught, and the end of the VM. */
  readonly onProblem: (problem: string) => void
}

/** Native modules that React Native's JavaScript does without. */
const optionalModules = /^(RedBox|BugReporting|HeadlessJsTaskSupport|DeviceEventManager|BlobModule|Native\w+Cxx)$/

async function hostScript(): Promise<string> {
  const file = fileURLToPath(new URL('host.ts', import.meta.url))
  const messages = fileURLToPath(new URL('messages.ts', import.meta.url))
  const [host, constants] = await Promise.all([readFile(file, 'utf8'), readFile(messages, 'utf8')])
  const source = `${constants}\n${host.replace(/^import .*messages\.ts'$/m, '')}`
  const { code } = await transform(source, { loader: 'ts', format: 'iife', target: 'es2020' })
  return code
}

/** A Hermes with React Native's JavaScript, whose native side is this process. */
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
    createInterface({ input: this.#child.stderr }).on('line', (line) => options.onProblem(`Hermes said: ${line}`))
    // A write to a VM that has ended; that it has is reported below.
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
    switch (message.kind) {
      case 'request':
        return this.#networking.send(message.request)
      case 'abort':
        return this.#networking.abort(message.id)
      case 'timer':
        return this.#startTimer(message.id, message.delay, message.repeats)
      case 'clear-timer':
        return this.#clearTimer(message.id)
      case 'log':
        if (message.level >= 3) this.#options.onProblem(`logged: ${message.text}`)
        return
      case 'uncaught':
        return this.#options.onProblem(message.error)
      case 'missing-module':
        if (!optionalModules.test(message.name)) this.#options.onProblem(`no native module ${message.name}`)
        return
      case 'program':
        return this.#options.onMessage(message.value)
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
