import process from 'node:process'
import type { FaultKind } from '../../fixtures/fault-proxy/plan.ts'
import { faultKinds } from '../../fixtures/fault-proxy/seeded-plan.ts'
import type { FaultProxy } from '../../fixtures/fault-proxy.ts'
import { type Http2FaultKind, http2FaultKinds } from '../../fixtures/http2/fault-plan.ts'
import { chromiumExecutable } from '../conformance/runners/puppeteer-browser.ts'
import { bunExecutable, denoExecutable } from '../runtimes/binaries.ts'
import type { Reception, Task } from './receive-all.ts'
import { type RunOptions, runInChromium, runProgram } from './run-client.ts'

export interface Client {
  readonly name: string
  /** Undefined where it is not installed. */
  readonly executable: string | undefined
  /** What may go wrong for it. */
  readonly faultKinds: readonly (FaultKind | Http2FaultKind)[]
  /** Whether the feed speaks HTTP/2. */
  readonly isOverHttp2?: boolean
  run(proxy: Pick<FaultProxy, 'origin'>, task: Task, longestRun: number): Promise<Reception>
}

/** A runtime that takes a program as its argument, with a gc() for it to call. */
export interface ProgramClient extends Client {
  /** Runs a program that stands beside this file to its end, and returns what it printed. */
  runProgram(entry: string, programArguments: readonly string[], longestRun?: number): Promise<string>
}

function programClient(
  name: string,
  executable: string | undefined,
  runtimeArguments: readonly string[],
  options?: RunOptions,
): ProgramClient {
  const client: ProgramClient = {
    name,
    executable,
    faultKinds,
    runProgram: (entry, programArguments, longestRun) =>
      runProgram(entry, programArguments, executable, runtimeArguments, { ...options, longestRun }),
    run: async (_, task, longestRun) =>
      JSON.parse(await client.runProgram('client.ts', [JSON.stringify(task)], longestRun)) as Reception,
  }
  return client
}

const executable = chromiumExecutable()

export const clients = {
  node: programClient('Node over HTTP/1.1', process.execPath, ['--expose-gc'], { overNode: true }),
  'node-http2': {
    ...programClient('Node over HTTP/2', process.execPath, ['--expose-gc'], {
      overNode: true,
      environment: { NODE_TLS_REJECT_UNAUTHORIZED: '0', NODE_NO_WARNINGS: '1' },
    }),
    faultKinds: http2FaultKinds,
    isOverHttp2: true,
  },
  'node-fetch': programClient('Node over fetch', process.execPath, ['--expose-gc']),
  deno: programClient('Deno', denoExecutable(), ['run', '--no-config', '-A', '--v8-flags=--expose-gc']),
  bun: programClient('Bun', bunExecutable(), []),
  chromium: {
    name: 'Chromium',
    executable,
    // Over plain HTTP, Chromium takes a head that breaks off for a whole one. Where that leaves no Content-Type, the
    // standard has the connection fail, and its own EventSource, too, is closed for good.
    faultKinds: faultKinds.filter((kind) => kind !== 'tear in the head'),
    run: (proxy, task, longestRun) => runInChromium(executable ?? '', proxy.origin, task, longestRun),
  },
} satisfies Record<string, Client>

export type ClientName = keyof typeof clients
