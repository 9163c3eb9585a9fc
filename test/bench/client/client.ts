import process from 'node:process'
import type { SubjectName } from '../subjects.ts'
import { adapters } from './adapters.ts'
import { bareClients } from './bare-streams.ts'
import { baselines } from './baselines.ts'
import { measurements } from './measurements.ts'

/** The only argument of a client process, as JSON. The process prints its values as JSON. */
export interface Task {
  readonly subject: SubjectName
  readonly measurement: keyof typeof measurements
  /** The URL of the feed's path, without a query. */
  readonly url: string
  readonly count: number
  /** The file to import everysource from. */
  readonly everysource: string
}

const { subject, measurement, url, count, everysource } = JSON.parse(`${process.argv[2]}`) as Task

const load = (module: string): Promise<Record<string, never>> => import(module)

// Some peers do not keep the process alive while they wait to reconnect.
setInterval(() => {}, 60_000)

const client = (await adapters[subject]?.(load, everysource)) ?? (await bareClients[subject]?.(load))
const read = await baselines[subject]?.(load)
const urlOf = (items: number): string => `${url}?count=${items}`
const values = await measurements[measurement]({ client, read, urlOf, count })
process.stdout.write(`${JSON.stringify(values)}\n`, () => process.exit())
