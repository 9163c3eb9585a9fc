import type { Task } from './client/client.ts'
import type { SubjectName } from './subjects.ts'

/** A figure that a work gives for each subject; less is better. */
export interface Metric {
  readonly key: string
  readonly title: string
  readonly unit: string
}

/** What results are shown of. */
export interface WorkDescription {
  readonly title: string
  /** The chart shows the first. */
  readonly metrics: readonly Metric[]
}

export type Runtime = 'node' | 'deno' | 'bun'

export interface Work extends WorkDescription {
  readonly runtime: Runtime
  /** The feed's route. */
  readonly route: string
  readonly measurement: Task['measurement']
  /** How much of it is done; `--scale` multiplies it. */
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
const clientsAndLimits: readonly SubjectName[] = [
  ...clients,
  'http-discard',
  'fetch-discard',
  'http-decode',
  'http-parse',
  'http-dispatch',
]

const perEvent: readonly Metric[] = [
  { key: 'cpu', title: 'CPU an event', unit: 'µs' },
  { key: 'wall', title: 'time an event', unit: 'µs' },
  { key: 'memory', title: 'most memory', unit: 'MiB' },
]

const elsewhere = {
  route: '/flood',
  measurement: 'flood',
  count: 1_000_000,
  subjects: ['everysource', 'other', 'eventsource', 'fetch-discard'],
  metrics: perEvent,
} as const

const everyWork = {
  flood: {
    title: '1,000,000 events in writes of 64 KiB',
    runtime: 'node',
    route: '/flood',
    measurement: 'flood',
    count: 1_000_000,
    subjects: clientsAndLimits,
    metrics: perEvent,
  },
  writes: {
    title: '100,000 events, a write each',
    runtime: 'node',
    route: '/writes',
    measurement: 'flood',
    count: 100_000,
    subjects: clientsAndLimits,
    metrics: perEvent,
  },
  answer: {
    title: 'An answer of 200,000 tokens, 50 bytes and a chunk each, through for await',
    runtime: 'node',
    route: '/tokens',
    measurement: 'answer',
    count: 200_000,
    subjects: clientsAndLimits,
    metrics: [
      { key: 'cpu', title: 'CPU a token', unit: 'µs' },
      { key: 'wall', title: 'time a token', unit: 'µs' },
    ],
  },
  idle: {
    title: '4,000 idle streams',
    runtime: 'node',
    route: '/idle',
    measurement: 'idle',
    count: 4_000,
    subjects: clients,
    metrics: [
      { key: 'memory', title: 'memory of the process', unit: 'MiB' },
      { key: 'memoryPerStream', title: 'memory a stream', unit: 'KiB' },
      { key: 'heapPerStream', title: 'heap a stream', unit: 'KiB' },
      { key: 'cpu', title: 'CPU a connect', unit: 'µs' },
    ],
  },
  large: {
    title: 'One event of 16 MiB in pieces of 1 KiB',
    runtime: 'node',
    route: '/large',
    measurement: 'large',
    count: 16 * 2 ** 20,
    subjects: clientsAndLimits,
    metrics: [
      { key: 'cpu', title: 'CPU', unit: 'ms' },
      { key: 'wall', title: 'time', unit: 'ms' },
      { key: 'memory', title: 'most memory', unit: 'MiB' },
    ],
  },
  larger: {
    title: 'One event of 64 MiB in pieces of 1 KiB',
    runtime: 'node',
    route: '/large',
    measurement: 'large',
    count: 64 * 2 ** 20,
    subjects: clientsAndLimits,
    metrics: [
      { key: 'cpu', title: 'CPU', unit: 'ms' },
      { key: 'wall', title: 'time', unit: 'ms' },
      { key: 'memory', title: 'most memory', unit: 'MiB' },
    ],
  },
  resume: {
    title: 'From the kill of a connection to the first resumed event, with retry: 100',
    runtime: 'node',
    route: '/drops',
    measurement: 'resume',
    count: 10,
    subjects: clients,
    metrics: [{ key: 'wall', title: 'time', unit: 'ms' }],
  },
  latency: {
    title: 'From write to handler, at 1,000 events a second',
    runtime: 'node',
    route: '/paced',
    measurement: 'latency',
    count: 5_000,
    subjects: clients,
    metrics: [
      { key: 'p50', title: 'median', unit: 'µs' },
      { key: 'p99', title: '99th percentile', unit: 'µs' },
      { key: 'cpu', title: 'CPU an event', unit: 'µs' },
    ],
  },
  block: {
    title: 'The longest block of the event loop during a flood of 1,000,000 events',
    runtime: 'node',
    route: '/flood',
    measurement: 'block',
    count: 1_000_000,
    subjects: clientsAndLimits,
    metrics: [
      { key: 'wall', title: 'time', unit: 'ms' },
      { key: 'cpu', title: 'CPU', unit: 'ms' },
    ],
  },
  deno: { title: 'Deno: 1,000,000 events in writes of 64 KiB', runtime: 'deno', ...elsewhere },
  bun: { title: 'Bun: 1,000,000 events in writes of 64 KiB', runtime: 'bun', ...elsewhere },
} as const satisfies Record<string, Work>

export type WorkName = keyof typeof everyWork

export const works: Readonly<Record<WorkName, Work>> = everyWork

export const workNames = Object.keys(everyWork) as WorkName[]
