import type { FaultKind } from '../../fixtures/fault-proxy/plan.ts'
import { seededPlan } from '../../fixtures/fault-proxy/seeded-plan.ts'
import { checkEvents, type EventErrors } from './check-events.ts'
import { startFaultyFeed } from './faulty-feed.ts'
import { startFaultyHttp2Feed } from './http2-feed.ts'
import type { Api, ReceiveReport } from './receive-all.ts'
import type { Receiver } from './receivers.ts'

export interface FaultRunOptions {
  readonly receiver: Receiver
  readonly api: Api
  readonly events: number
  readonly seed: number
  /** The time in ms after which the receiver is killed. */
  readonly maxRunTime: number
  /** Called every few seconds with the progress of the run. */
  readonly onProgress?: (progress: { readonly events: number; readonly faults: number }) => void
}

export interface FaultRun extends EventErrors, Omit<ReceiveReport, 'sequences'> {
  /** The number of faults of each kind. */
  readonly faults: ReadonlyMap<string, number>
  readonly seconds: number
}

/** The approximate number of events before a fault. */
const eventsPerFault = 150

/** The openTimeout and idleTimeout of a receiver in ms. */
const timeout = 500
const progressInterval = 10_000

/** The maximum growth of the memory in bytes from a tenth of the events to all of them. */
const maxGrowth = 10_000_000

/** Lets a receiver receive all events of a feed through a proxy that disturbs almost every connection. */
export async function runThroughFaults(options: FaultRunOptions): Promise<FaultRun> {
  const { receiver, api, events, seed, onProgress, maxRunTime } = options
  const proxy = receiver.isOverHttp2
    ? await startFaultyHttp2Feed(seed, eventsPerFault, events)
    : await startFaultyFeed({
        plan: seededPlan(seed, eventsPerFault, receiver.faultKinds as readonly FaultKind[]),
        total: events,
        reconnectionTime: 1,
      })
  const progress = setInterval(
    () => onProgress?.({ events: proxy.reached, faults: sum(proxy.faults) }),
    progressInterval,
  )
  const started = performance.now()
  try {
    const task = { url: proxy.url, api, total: events, timeout }
    const { sequences, ...report } = await receiver.receive(proxy, task, maxRunTime)
    const seconds = (performance.now() - started) / 1_000
    return { ...report, ...checkEvents(sequences, events, proxy.redeliveries), faults: proxy.faults, seconds }
  } finally {
    clearInterval(progress)
    await proxy.close()
  }
}

export function sum(faults: ReadonlyMap<string, number>): number {
  return [...faults.values()].reduce((total, count) => total + count, 0)
}

/** Returns the errors of a run in words. */
export function errorsOf({ problem, lost, duplicated, outOfOrder, memoryAtTenth, memoryAtEnd }: FaultRun): string[] {
  const found = problem === null ? [] : [problem]
  if (lost > 0) found.push(`${lost} events lost`)
  if (duplicated > 0) found.push(`${duplicated} events duplicated`)
  if (outOfOrder > 0) found.push(`${outOfOrder} events out of order`)
  if (memoryAtEnd - memoryAtTenth > maxGrowth) found.push(`${memoryAtEnd - memoryAtTenth} bytes more at the end`)
  return found
}
