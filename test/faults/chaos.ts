import process from 'node:process'
import { parseArgs } from 'node:util'
import type { Api } from './receive-all.ts'
import { type ReceiverName, receivers } from './receivers.ts'
import { errorsOf, type FaultRun, runThroughFaults, sum } from './run-through-faults.ts'

const apis: readonly Api[] = ['EventSource', 'openEventStream']
const receiverNames = Object.keys(receivers) as ReceiverName[]

const help = `Usage: npm run test:chaos -- [options]

Sends numbered events through a proxy that disturbs almost every connection, and checks that each client receives
each of them once and in order. It prints a table, and exits with code 1 if a client did not.

  --events N      the number of events for each client and API (1000000)
  --seed N        selects the faults; the same seed has the same plan (random)
  --clients LIST  of ${receiverNames.join(', ')} (all that are installed)
  --apis LIST     of ${apis.join(', ')} (both)
  -h, --help      show this text
`

interface Options {
  readonly events: number
  readonly seed: number
  readonly clients: readonly ReceiverName[]
  readonly apis: readonly Api[]
}

/** A run that hangs is ended after this many ms for each event, plus the time for a start. */
const maxTimePerEvent = 3
const maxStartTime = 300_000

process.exitCode = await main(process.argv.slice(2))

async function main(commandLine: string[]): Promise<number> {
  let options: Options | undefined
  try {
    options = readOptions(commandLine)
  } catch (error) {
    process.stderr.write(`test:chaos: ${(error as Error).message}; see --help\n`)
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
      apis: { type: 'string', default: apis.join(',') },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return undefined
  const installed = receiverNames.filter((name) => receivers[name].executable !== undefined)
  const chosen = values.clients === undefined ? installed : readList('--clients', values.clients, receiverNames)
  const missing = chosen.find((name) => !installed.includes(name))
  if (missing) throw new Error(`${receivers[missing].name} is not installed`)
  return {
    events: readNumber('--events', values.events, 1),
    seed: readNumber('--seed', values.seed, 0),
    clients: chosen,
    apis: readList('--apis', values.apis, apis),
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
    for (const api of options.apis) {
      const receiver = receivers[name]
      const title = `${receiver.name}, ${api}`
      print(`${title}: npm run test:chaos -- --events ${events} --seed ${seed} --clients ${name} --apis ${api}`)
      try {
        const run = await runThroughFaults({
          receiver,
          api,
          events,
          seed,
          maxRunTime: maxStartTime + maxTimePerEvent * events,
          onProgress: (progress) => print(`  ${count(progress.events)} events, ${count(progress.faults)} faults`),
        })
        figures.set(title, figuresOf(run, events))
        print(`  ${[...run.faults].map(([kind, times]) => `${kind}: ${count(times)}`).join(', ')}`)
        for (const error of errorsOf(run)) {
          failures++
          print(`  FAILED: ${error}`)
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
    duplicated: run.duplicated,
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
