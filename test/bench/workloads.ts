import type { Task } from './client/client.ts'
import type { FeedOrigins } from './feed/feed.ts'
import { type StartWorkload, startWorkloads } from './start-workloads.ts'
import type { SubjectName } from './subjects.ts'

/** A value that is measured for each subject. Lower is better. */
export interface Metric {
  readonly key: string
  readonly title: string
  readonly unit: string
}

/** The title and the metrics of a benchmark's results. */
export interface BenchmarkDescription {
  readonly title: string
  /** The metrics. The chart shows the first one. */
  readonly metrics: readonly Metric[]
}

export type Runtime = 'node' | 'deno' | 'bun'

/** A benchmark of clients in a runtime, which have loaded everything before they are measured. */
export interface Workload extends BenchmarkDescription {
  readonly runtime: Runtime
  /** The protocol of the feed: HTTP/1.1 by default. */
  readonly protocol?: keyof FeedOrigins
  /** The path of the feed. */
  readonly route: string
  readonly measurement: Task['measurement']
  /** The number of events, bytes or streams, which `--scale` multiplies. */
  readonly count: number
  readonly subjects: readonly SubjectName[]
}

const clients: readonly SubjectName[] = [
  'everysource',
  'everysource-fetch',
  'other',
  'eventsource',
  'eventsource4',
  'undici',
  'eventsource-client',
  'launchdarkly-eventsource',
  'event-source-polyfill',
  'extended-eventsource',
  'fetch-event-source',
]
const clientsAndBaselines: readonly SubjectName[] = [
  ...clients,
  'http-discard',
  'fetch-discard',
  'http-decode',
  'http-parse',
  'http-dispatch',
  'http-message',
]

const perEvent: readonly Metric[] = [
  { key: 'cpu', title: 'CPU time per event', unit: 'µs' },
  { key: 'wall', title: 'time per event', unit: 'µs' },
  { key: 'memory', title: 'peak memory', unit: 'MiB' },
]

const perLargeEvent: readonly Metric[] = [
  { key: 'cpu', title: 'CPU time', unit: 'ms' },
  { key: 'wall', title: 'time', unit: 'ms' },
  { key: 'memory', title: 'peak memory', unit: 'MiB' },
]

const otherRuntime = {
  route: '/flood',
  measurement: 'flood',
  count: 1_000_000,
  subjects: ['everysource', 'other', 'eventsource', 'fetch-discard'],
  metrics: perEvent,
} as const

const perStream: readonly Metric[] = [
  { key: 'memory', title: 'memory of the process', unit: 'MiB' },
  { key: 'memoryPerStream', title: 'memory per stream', unit: 'KiB' },
  { key: 'heapPerStream', title: 'heap per stream', unit: 'KiB' },
  { key: 'cpu', title: 'CPU time per connection', unit: 'µs' },
]

/** Over HTTP/2, no peer multiplexes its streams in Node. */
const overHttp2 = {
  runtime: 'node',
  protocol: 'http2',
  subjects: ['everysource', 'other', 'http2-discard', 'http2-dispatch', 'http2-message'],
  metrics: perEvent,
} as const

const everyWorkload = {
  flood: {
    title: '1,000,000 events in writes of 64 KiB',
    runtime: 'node',
    route: '/flood',
    measurement: 'flood',
    count: 1_000_000,
    subjects: clientsAndBaselines,
    metrics: perEvent,
  },
  sustained: {
    title: '5,000,000 events in writes of 64 KiB',
    runtime: 'node',
    route: '/flood',
    measurement: 'flood',
    count: 5_000_000,
    subjects: ['everysource', 'other', 'eventsource', 'http-message'],
    metrics: perEvent,
  },
  writes: {
    title: '100,000 events, one write each',
    runtime: 'node',
    route: '/writes',
    measurement: 'flood',
    count: 100_000,
    subjects: clientsAndBaselines,
    metrics: perEvent,
  },
  answer: {
    title: 'A response of 200,000 tokens, one chunk of 50 bytes each, with for await',
    runtime: 'node',
    route: '/tokens',
    measurement: 'answer',
    count: 200_000,
    subjects: clientsAndBaselines,
    metrics: [
      { key: 'cpu', title: 'CPU time per token', unit: 'µs' },
      { key: 'wall', title: 'time per token', unit: 'µs' },
    ],
  },
  idle: {
    title: '4,000 idle streams',
    runtime: 'node',
    route: '/idle',
    measurement: 'idle',
    count: 4_000,
    subjects: [...clients, 'http-open', 'http-event-target', 'undici-open'],
    metrics: perStream,
  },
  large: {
    title: 'One event of 16 MiB in pieces of 1 KiB',
    runtime: 'node',
    route: '/large',
    measurement: 'large',
    count: 16 * 2 ** 20,
    subjects: clientsAndBaselines,
    metrics: perLargeEvent,
  },
  larger: {
    title: 'One event of 64 MiB in pieces of 1 KiB',
    runtime: 'node',
    route: '/large',
    measurement: 'large',
    count: 64 * 2 ** 20,
    subjects: clientsAndBaselines,
    metrics: perLargeEvent,
  },
  resume: {
    title: 'From a reset connection to the first event after the reconnection, with retry: 100',
    runtime: 'node',
    route: '/drops',
    measurement: 'resume',
    count: 10,
    subjects: clients,
    metrics: [{ key: 'wall', title: 'time', unit: 'ms' }],
  },
  latency: {
    title: 'From write to handler, at 1,000 events per second',
    runtime: 'node',
    route: '/paced',
    measurement: 'latency',
    count: 5_000,
    subjects: clients,
    metrics: [
      { key: 'p50', title: 'median', unit: 'µs' },
      { key: 'p99', title: '99th percentile', unit: 'µs' },
      { key: 'cpu', title: 'CPU time per event', unit: 'µs' },
    ],
  },
  block: {
    title: 'How late a timer of 1 ms is while 1,000,000 events arrive: the time since it last ran',
    runtime: 'node',
    route: '/flood',
    measurement: 'block',
    count: 1_000_000,
    subjects: clientsAndBaselines,
    metrics: [
      { key: 'max', title: 'longest block', unit: 'ms' },
      { key: 'p99', title: '99th percentile', unit: 'ms' },
      { key: 'p50', title: 'median', unit: 'ms' },
    ],
  },
  'http2-flood': {
    ...overHttp2,
    title: 'HTTP/2: 1,000,000 events in writes of 64 KiB',
    route: '/flood',
    measurement: 'flood',
    count: 1_000_000,
  },
  'http2-writes': {
    ...overHttp2,
    title: 'HTTP/2: 100,000 events, one write each',
    route: '/writes',
    measurement: 'flood',
    count: 100_000,
  },
  'http2-idle': {
    ...overHttp2,
    title: 'HTTP/2: 4,000 idle streams',
    route: '/idle',
    measurement: 'idle',
    count: 4_000,
    subjects: ['everysource', 'other', 'http2-open', 'http2-event-target'],
    metrics: perStream,
  },
  deno: { title: 'Deno: 1,000,000 events in writes of 64 KiB', runtime: 'deno', ...otherRuntime },
  bun: { title: 'Bun: 1,000,000 events in writes of 64 KiB', runtime: 'bun', ...otherRuntime },
  ...startWorkloads,
} as const satisfies Record<string, Workload | StartWorkload>

export type WorkloadName = keyof typeof everyWorkload

export const workloads: Readonly<Record<WorkloadName, Workload | StartWorkload>> = everyWorkload

export const workloadNames = Object.keys(everyWorkload) as WorkloadName[]
