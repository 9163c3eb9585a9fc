import process from 'node:process'
import { ProgramRuntime, programRuntimes } from '../../bundled-program.ts'
import { runInChromiumPage } from '../../chromium-page.ts'
import { chromiumExecutable } from '../../conformance/runners/puppeteer-browser.ts'
import type { ConsumerName, consumers } from './consumers.ts'

type Arguments<Name extends ConsumerName> =
  Parameters<(typeof consumers)[Name]> extends [string, ...infer Rest] ? Rest : never

export interface Run<Name extends ConsumerName> {
  readonly result: Awaited<ReturnType<(typeof consumers)[Name]>>
  /** The maximum memory of the process in KiB; 0 where it is not known. */
  readonly maxRSS: number
}

export interface ConsumerRuntime {
  readonly name: string
  /** The path of the executable; undefined where it is not installed. */
  readonly executable: string | undefined
  /** The bytes of a body that the runtime itself buffers although nobody reads them, even with a bare `fetch`. */
  readonly bufferedBytes: number
  run<Name extends ConsumerName>(name: Name, origin: string, ...given: Arguments<Name>): Promise<Run<Name>>
}

/** The maximum time in ms of a consumer before it is killed. */
const maxRunTime = 400_000

function programRuntime(runtime: ProgramRuntime): ConsumerRuntime {
  const { name, executable } = runtime
  const entry = new URL('consume.program.ts', import.meta.url)
  return {
    name,
    executable,
    bufferedBytes: 0,
    run: async (consumer, origin, ...given) =>
      JSON.parse(await runtime.run(entry, [consumer, origin, ...given.map(String)], maxRunTime)),
  }
}

const chromium: ConsumerRuntime = {
  name: 'Chromium',
  executable: chromiumExecutable(),
  bufferedBytes: 64 * 1_024 * 1_024,
  async run(consumer, origin, ...given) {
    const result = await runInChromiumPage({
      entry: new URL('consumers.page.ts', import.meta.url),
      origin,
      maxRunTime,
      use: (page) =>
        page.evaluate(
          (name, url, values) => {
            const call = globalThis.streamConsumers[name] as (url: string, ...given: number[]) => Promise<unknown>
            return call(url, ...values)
          },
          consumer,
          origin,
          given as number[],
        ),
    })
    return { result: result as never, maxRSS: 0 }
  },
}

/**
 * Node with a small space for new objects: V8 fills that space before it collects garbage, 48 MiB by default and more in
 * newer versions, however few objects a program uses.
 */
export const smallNode = programRuntime(new ProgramRuntime('Node', process.execPath, ['--max-semi-space-size=1']))

export const runtimes: readonly ConsumerRuntime[] = [
  ...[programRuntimes['node-fetch'], programRuntimes.deno, programRuntimes.bun].map(programRuntime),
  chromium,
]
