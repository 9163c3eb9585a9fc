import type { FaultKind } from '../../fixtures/fault-proxy/plan.ts'
import { seededPlan } from '../../fixtures/fault-proxy/seeded-plan.ts'
import type { Client } from './clients.ts'
import { startFaultyFeed } from './faulty-feed.ts'
import { startFaultyHttp2Feed } from './http2-feed.ts'
import { judge, type Verdict } from './judge.ts'
import type { Face, Reception } from './receive-all.ts'

export interface FaultRunOptions {
  readonly client: Client
  readonly face: Face
  readonly events: number
  readonly seed: number
  /** After so many ms the client is killed. */
  readonly longestRun: number
  /** Told every few seconds how far the run has come. */
  readonly onProgress?: (progress: { readonly events: number; readonly faults: number }) => void
}

export interface FaultRun extends Verdict, Omit<Reception, 'sequences'> {
  /** How often each thing went wrong. */
  readonly faults: ReadonlyMap<string, number>
  readonly seconds: number
}

/** Of a stream that has begun, about. */
const eventsPerFault = 150

/** How long a client waits for what never comes, in ms. */
const patience = 500
const progressInterval = 10_000

/** From a tenth of the events to all of them, in bytes. */
const mostGrowth = 10_000_000

/** Lets a client receive all events of a feed through a proxy that hardly lets anything go right. */
export async function runThroughFaults(options: FaultRunOptions): Promise<FaultRun> {
  const { client, face, events, seed, onProgress, longestRun } = options
  const proxy = client.isOverHttp2
    ? await startFaultyHttp2Feed(seed, eventsPerFault, events)
    : await startFaultyFeed({
        plan: seededPlan(seed, eventsPerFault, client.faultKinds as readonly FaultKind[]),
        total: events,
        reconnectionTime: 1,
      })
  const progress = setInterval(
    () => onProgress?.({ events: proxy.reached, faults: sum(proxy.faults) }),
    progressInterval,
  )
  const started = performance.now()
  try {
    const task = { url: proxy.url, face, total: events, patience }
    const { sequences, ...reception } = await client.run(proxy, task, longestRun)
    const seconds = (performance.now() - started) / 1_000
    return { ...reception, ...judge(sequences, events, proxy.redeliveries), faults: proxy.faults, seconds }
  } finally {
    clearInterval(progress)
    await proxy.close()
  }
}

export function sum(faults: ReadonlyMap<string, number>): number {
  return [...faults.values()].reduce((total, count) => total + count, 0)
}

/** What a run must not show, in words. */
export function complaints({ problem, lost, doubled, outOfOrder, memoryAtTenth, memoryAtEnd }: FaultRun): string[] {
  const found = problem === null ? [] : [problem]
  if (lost > 0) found.push(`${lost} events lost`)
  if (doubled > 0) found.push(`${doubled} events doubled`)
  if (outOfOrder > 0) found.push(`${outOfOrder} events out of order`)
  if (memoryAtEnd - memoryAtTenth > mostGrowth) found.push(`${memoryAtEnd - memoryAtTenth} bytes more at the end`)
  return found
}
