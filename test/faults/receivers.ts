import type { FaultKind } from '../../fixtures/fault-proxy/plan.ts'
import { faultKinds } from '../../fixtures/fault-proxy/seeded-plan.ts'
import type { FaultProxy } from '../../fixtures/fault-proxy.ts'
import { type Http2FaultKind, http2FaultKinds } from '../../fixtures/http2/fault-plan.ts'
import { type ProgramRuntime, programRuntimes } from '../bundled-program.ts'
import { measurePageMemory, runInChromiumPage } from '../chromium-page.ts'
import { chromiumExecutable } from '../conformance/runners/puppeteer-browser.ts'
import type { ReceiveReport, Task } from './receive-all.ts'

/** A runtime that receives all events of a feed. */
export interface Receiver {
  readonly name: string
  /** The path of the executable; undefined where it is not installed. */
  readonly executable: string | undefined
  /** The kinds of faults that the receiver can recover from. */
  readonly faultKinds: readonly (FaultKind | Http2FaultKind)[]
  /** Whether the feed speaks HTTP/2. */
  readonly isOverHttp2?: boolean
  receive(proxy: Pick<FaultProxy, 'origin'>, task: Task, maxRunTime: number): Promise<ReceiveReport>
}

function programReceiver(runtime: ProgramRuntime): Receiver {
  const { name, executable } = runtime
  const entry = new URL('receive-all.program.ts', import.meta.url)
  return {
    name,
    executable,
    faultKinds,
    receive: async (_, task, maxRunTime) => JSON.parse(await runtime.run(entry, [JSON.stringify(task)], maxRunTime)),
  }
}

const chromium: Receiver = {
  name: 'Chromium',
  executable: chromiumExecutable(),
  // Over plain HTTP, Chromium treats a head that breaks off as complete. If that leaves no Content-Type, the standard
  // fails the connection, and even its own EventSource is closed forever.
  faultKinds: faultKinds.filter((kind) => kind !== 'tear in the head'),
  receive: ({ origin }, task, maxRunTime) =>
    runInChromiumPage({
      entry: new URL('receive-all.page.ts', import.meta.url),
      origin,
      maxRunTime,
      async prepare(page) {
        const session = await page.createCDPSession()
        await page.exposeFunction('measureMemory', () => measurePageMemory(session))
      },
      use: (page) => page.evaluate((given) => globalThis.receive(given), task),
    }),
}

export const receivers = {
  node: programReceiver(programRuntimes.node),
  'node-http2': {
    ...programReceiver(programRuntimes['node-http2']),
    faultKinds: http2FaultKinds,
    isOverHttp2: true,
  },
  'node-fetch': programReceiver(programRuntimes['node-fetch']),
  deno: programReceiver(programRuntimes.deno),
  bun: programReceiver(programRuntimes.bun),
  chromium,
} satisfies Record<string, Receiver>

export type ReceiverName = keyof typeof receivers
