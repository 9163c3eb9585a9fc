import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import puppeteer from 'puppeteer-core'
import { chromiumExecutable } from '../../conformance/runners/puppeteer-browser.ts'
import { runProgram } from '../../faults/run-client.ts'
import { bunExecutable, denoExecutable } from '../../runtimes/binaries.ts'
import type { ClientName, clients } from './clients.ts'

type Arguments<Name extends ClientName> =
  Parameters<(typeof clients)[Name]> extends [string, ...infer Rest] ? Rest : never

export interface Run<Name extends ClientName> {
  readonly result: Awaited<ReturnType<(typeof clients)[Name]>>
  /** The most memory that the process ever had, in KiB; 0 where it cannot be told. */
  readonly maxRSS: number
}

export interface Runtime {
  readonly name: string
  /** Undefined where it is not installed. */
  readonly executable: string | undefined
  /** What the runtime itself takes in of a body that nobody reads, in bytes; a bare `fetch` shows it, too. */
  readonly takenIn: number
  run<Name extends ClientName>(name: Name, origin: string, ...given: Arguments<Name>): Promise<Run<Name>>
}

/** How long a client may take before it is killed. */
const longestRun = 400_000

/** A runtime that takes a program as its argument. */
function processRuntime(name: string, executable: string | undefined, runtimeArguments: readonly string[]): Runtime {
  return {
    name,
    executable,
    takenIn: 0,
    async run(client, origin, ...given) {
      const programArguments = [client, origin, ...given.map(String)]
      const entry = '../event-stream/runtimes/client.ts'
      return JSON.parse(await runProgram(entry, programArguments, executable, runtimeArguments))
    },
  }
}

const chromium: Runtime = {
  name: 'Chromium',
  executable: chromiumExecutable(),
  takenIn: 64 * 1_024 * 1_024,
  async run(client, origin, ...given) {
    const { outputFiles } = await build({
      entryPoints: [fileURLToPath(new URL('client.page.ts', import.meta.url))],
      bundle: true,
      write: false,
      target: 'es2022',
      format: 'iife',
      logLevel: 'error',
    })
    // Chromium's sandbox does not start for root, who is the user in most containers.
    const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : []
    const browser = await puppeteer.launch({
      executablePath: chromium.executable ?? '',
      args: ['--disable-gpu', ...sandbox],
      protocolTimeout: longestRun,
      timeout: longestRun,
    })
    try {
      const page = await browser.newPage()
      await page.goto(origin, { timeout: longestRun })
      await page.addScriptTag({ content: outputFiles[0]?.text ?? '' })
      const result = await page.evaluate(
        (name, url, values) => {
          const call = globalThis.streamClients[name] as (url: string, ...given: number[]) => Promise<unknown>
          return call(url, ...values)
        },
        client,
        origin,
        given as number[],
      )
      return { result: result as never, maxRSS: 0 }
    } finally {
      await browser.close()
    }
  },
}

/**
 * Node with little room for what is new: V8 fills that room before it looks for garbage, 48 MiB by default and more in
 * newer versions, however little a program holds.
 */
export const smallNode = processRuntime('Node', process.execPath, ['--max-semi-space-size=1'])

export const runtimes: readonly Runtime[] = [
  processRuntime('Node', process.execPath, []),
  processRuntime('Deno', denoExecutable(), ['run', '--no-config', '-A']),
  processRuntime('Bun', bunExecutable(), []),
  chromium,
]
