import process from 'node:process'
import { parseArgs } from 'node:util'
import { type ClientName, clients } from './clients.ts'
import type { Face } from './receive-all.ts'
import { complaints, type FaultRun, runThroughFaults, sum } from './run-through-faults.ts'

const faces: readonly Face[] = ['EventSource', 'openEventStream']
const clientNames = Object.keys(clients) as ClientName[]

const help = `Usage: npm run test:chaos -- [options]

Sends numbered events through a proxy that lets hardly any connection live, and checks that each client gets
each of them once and in order. It ends with a table, and with exit code 1 if a client did not.

  --events N      how many events for each client and face (1000000)
  --seed N        what goes wrong, and when; the same seed has the same plan (random)
  --clients LIST  of ${clientNames.join(', ')} (all that are installed)
  --faces LIST    of ${faces.join(', ')} (both)
  -h, --help      show this text
`

interface Options {
  readonly events: number
  readonly seed: number
  readonly clients: readonly ClientName[]
  readonly faces: readonly Face[]
}

/** A run that hangs is ended after this many ms for each event, plus the time for a start. */
const longestForEvent = 3
const longestStart = 300_000

process.exitCode = await main(process.argv.slice(2))

async function main(commandLine: string[]): Promise<number> {
  let options: Options | undefined
  try {
    options = readOptions(commandLine)
  } catch (error) {
    process.stderr.write(`test:chaos: ${(error as Error).message}; --help says more\n`)
    return 2
  }
  if (options) return await runAll(options)
  process.stdout.write(help)
  return 0
}

/** Undefined if help is requested. */
function readOptions(commandLine: string[]): Options | undefined {
  const { values } = parseArgs({
    args: commandLine,
    options: {
      events: { type: 'string', default: '1000000' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 1e9)) },
      clients: { type: 'string' },
      faces: { type: 'string', default: faces.join(',') },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return undefined
  const installed = clientNames.filter((name) => clients[name].executable !== undefined)
  const chosen = values.clients === undefined ? installed : readList('--clients', values.clients, clientNames)
  const missing = chosen.find((name) => !installed.includes(name))
  if (missing) throw new Error(`${clients[missing].name} is not installed`)
  return {
    events: readNumber('--events', values.events, 1),
    seed: readNumber('--seed', values.seed, 0),
    clients: chosen,
    faces: readList('--faces', values.faces, faces),
  }
}

function readNumber(option: string, given: string, least: number): number {
  const number = /^\d+$/.test(given) ? Number(given) : Number.NaN
  if (Number.isSafeInteger(number) && number >= least) return number
  throw new Error(`${option} is ${JSON.stringify(given)}, not a whole number from ${least} up`)
}

function readList<Item extends string>(option: string, given: string, allowed: readonly Item[]): Item[] {
  return given.split(',').map((name) => {
    const item = allowed.find((each) => each === name)
    if (item === undefined)
      throw new Error(`${option} has ${JSON.stringify(name)}, which is none of ${allowed.join(', ')}`)
    return item
  })
}

/** Returns the exit code. */
async function runAll(options: Options): Promise<number> {
  const { events, seed } = options
  const figures = new Map<string, object>()
  let failures = 0
  for (const name of options.clients) {
    for (const face of options.faces) {
      const client = clients[name]
      const title = `${client.name}, ${face}`
      print(`${title}: npm run test:chaos -- --events ${events} --seed ${seed} --clients ${name} --faces ${face}`)
      try {
        const run = await runThroughFaults({
          client,
          face,
          events,
          seed,
          longestRun: longestStart + longestForEvent * events,
          onProgress: (progress) => print(`  ${count(progress.events)} events, ${count(progress.faults)} faults`),
        })
        figures.set(title, figuresOf(run, events))
        print(`  ${[...run.faults].map(([kind, times]) => `${kind}: ${count(times)}`).join(', ')}`)
        for (const complaint of complaints(run)) {
          failures++
          print(`  FAILED: ${complaint}`)
        }
      } catch (error) {
        failures++
        print(`  FAILED: ${error}`)
      }
    }
  }
  console.table(Object.fromEntries(figures))
  print(failures === 0 ? 'Each event came once, and in order.' : `${failures} failures with seed ${seed}.`)
  return failures === 0 ? 0 : 1
}

function figuresOf(run: FaultRun, events: number): object {
  return {
    events: count(events),
    faults: count(sum(run.faults)),
    kinds: run.faults.size,
    lost: run.lost,
    doubled: run.doubled,
    'out of order': run.outOfOrder,
    redelivered: run.redelivered,
    'MB at 10%': megabytes(run.memoryAtTenth),
    'MB at 100%': megabytes(run.memoryAtEnd),
    seconds: Math.round(run.seconds),
  }
}

function count(number: number): string {
  return number.toLocaleString('en-US')
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1)
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
