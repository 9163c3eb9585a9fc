import { createHistogram, monitorEventLoopDelay, performance } from 'node:perf_hooks'
import process from 'node:process'
import { setTimeout as pause } from 'node:timers/promises'
import { distribution } from '../statistics.ts'
import type { Client } from './adapters.ts'
import { openUntil, receiveAll } from './receive.ts'

/** The subject of a measurement: a client, or for a baseline a function that reads a response to its end. */
export interface Measured {
  readonly client: Client | undefined
  readonly read: ((url: string) => Promise<void>) | undefined
  /** Returns the URL of a feed with this number of events or bytes. */
  urlOf(count: number): string
  readonly count: number
}

type Values = Readonly<Record<string, number>>

/** The number of events or bytes that are read before a measurement, so that the client has loaded everything it needs. */
const warmUp = 1_000

/** Returns the CPU time of all threads, in µs. */
function cpuSince(start?: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start)
  return user + system
}

/** Returns the CPU time and the elapsed time of an operation, in µs. */
async function timed(work: () => Promise<unknown>): Promise<{ cpu: number; wall: number }> {
  const cpu = process.cpuUsage()
  const wall = performance.now()
  await work()
  return { wall: (performance.now() - wall) * 1_000, cpu: cpuSince(cpu) }
}

/** Returns the peak memory of the process, in MiB. */
const peakMemory = (): number => process.resourceUsage().maxRSS / 1_024

async function perItem({ count }: Measured, receive: (count: number) => Promise<void>): Promise<Values> {
  await receive(warmUp)
  const { cpu, wall } = await timed(() => receive(count))
  return { cpu: cpu / count, wall: wall / count, memory: peakMemory() }
}

/** Reads a response to its end as a program would: with `for await` if the client supports it. */
async function receiveAnswer({ client, read, urlOf }: Measured, count: number): Promise<void> {
  const url = urlOf(count)
  if (read) return read(url)
  if (!client?.iterate) return openUntil(client, url, (data) => data === '[DONE]')
  for await (const { data } of client.iterate(url)) if (data === '[DONE]') break
}

/** Receives one event with data of this length. */
async function receiveLarge({ client, read, urlOf }: Measured, length: number): Promise<void> {
  const url = urlOf(length)
  if (read) return read(url)
  await openUntil(client, url, (data) => {
    if (data.length !== length) throw new Error(`the event has ${data.length} characters, not ${length}`)
    return true
  })
}

function collectGarbage(): void {
  const { gc } = globalThis as { gc?(): void }
  if (!gc) throw new Error('run this with --expose-gc')
  gc()
  gc()
}

const connections: unknown[] = []

/** Resolves with the first event of a stream that stays open. */
function connect({ client, urlOf }: Measured): Promise<void> {
  return new Promise((resolve, reject) => {
    connections.push(client?.open(urlOf(0), { event: () => resolve(), failed: reject }))
  })
}

const now = (): number => Number(process.hrtime.bigint())

export const measurements = {
  flood: (measured: Measured) => perItem(measured, (count) => receiveAll(measured, count)),

  answer: (measured: Measured) => perItem(measured, (count) => receiveAnswer(measured, count)),

  /** Opens `count` streams that stay open and silent. */
  async idle(measured: Measured): Promise<Values> {
    const { count } = measured
    await connect(measured)
    collectGarbage()
    const before = process.memoryUsage()
    const { cpu, wall } = await timed(() => Promise.all(Array.from({ length: count }, () => connect(measured))))
    await pause(1_000)
    collectGarbage()
    const after = process.memoryUsage()
    return {
      cpu: cpu / count,
      wall: wall / count,
      memory: after.rss / 2 ** 20,
      memoryPerStream: (after.rss - before.rss) / 1_024 / count,
      heapPerStream: (after.heapUsed - before.heapUsed) / 1_024 / count,
    }
  },

  async large(measured: Measured): Promise<Values> {
    await receiveLarge(measured, warmUp)
    const { cpu, wall } = await timed(() => receiveLarge(measured, measured.count))
    return { cpu: cpu / 1_000, wall: wall / 1_000, memory: peakMemory() }
  },

  /** The time from each of `count` resets, by the feed's clock, to the first event of the next connection, in ms. */
  async resume({ client, urlOf, count }: Measured): Promise<Values> {
    const times: number[] = []
    await openUntil(client, urlOf(process.pid), (resetTime) => {
      if (resetTime !== '0') times.push((now() - Number(resetTime)) / 1e6)
      return times.length === count
    })
    return { wall: distribution(times).median }
  },

  /** The time from each of `count` writes, by the feed's clock, to the handler, in µs. The first fifth is a warm-up. */
  async latency({ client, urlOf, count }: Measured): Promise<Values> {
    const histogram = createHistogram()
    let received = 0
    const cpu = process.cpuUsage()
    await openUntil(client, urlOf(count), (written) => {
      if (++received > count / 5) histogram.record(Math.max(now() - Number(written), 1))
      return received === count
    })
    const [p50, p99] = [histogram.percentile(50) / 1_000, histogram.percentile(99) / 1_000]
    return { p50, p99, cpu: cpuSince(cpu) / count }
  },

  /** The time in ms between two runs of a timer of 1 ms during a flood. */
  async block(measured: Measured): Promise<Values> {
    await receiveAll(measured, warmUp)
    const histogram = monitorEventLoopDelay({ resolution: 1 })
    histogram.enable()
    await receiveAll(measured, measured.count)
    histogram.disable()
    const [max, p99, p50] = [histogram.max, histogram.percentile(99), histogram.percentile(50)].map((ns) => ns / 1e6)
    return { max, p99, p50 } as Record<'max' | 'p99' | 'p50', number>
  },
}
