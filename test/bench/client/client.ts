import process from 'node:process'
import type { SubjectName } from '../subjects.ts'
import { adapters } from './adapters.ts'
import { limits } from './limits.ts'
import { measurements } from './measurements.ts'

/** What a client process is told as its only argument. It prints what it measured, as JSON. */
export interface Task {
  readonly subject: SubjectName
  readonly measurement: keyof typeof measurements
  /** Of the feed's route, without a query. */
  readonly url: string
  readonly count: number
  /** The file to import ours from. */
  readonly everysource: string
}

const { subject, measurement, url, count, everysource } = JSON.parse(`${process.argv[2]}`) as Task

const load = (module: string): Promise<Record<string, never>> => import(module)

// Some peers let the process end while they wait to reconnect.
setInterval(() => {}, 60_000)

const client = await adapters[subject]?.(load, everysource)
const read = await limits[subject]?.(load)
const urlOf = (given: number): string => `${url}?count=${given}`
const values = await measurements[measurement]({ client, read, urlOf, count })
process.stdout.write(`${JSON.stringify(values)}\n`, () => process.exit())
