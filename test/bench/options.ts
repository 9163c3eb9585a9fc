import process from 'node:process'
import { parseArgs } from 'node:util'
import { type SubjectName, subjectNames, subjects } from './subjects.ts'

/** The options of all bench commands. */
export interface BenchOptions<Work extends string> {
  readonly works: readonly Work[]
  readonly rounds: number
  /** What the amount of work is multiplied by. */
  readonly scale: number
  /** The folder that results are written to. */
  readonly output: string
  /** Another checkout of ours, built, to compare with. */
  readonly other: string | undefined
  /** Whether a subject takes part. Ours always does. */
  takesPart(subject: SubjectName): boolean
}

const usage = (command: string, works: readonly string[]): string => `Usage: npm run ${command} -- [options]

  --works a,b     what to measure: ${works.join(', ')} (all)
  --peers a,b     whom to compare with (all)
  --rounds N      how often (5)
  --scale X       how much: 0.1 for a tenth (1)
  --output DIR    where the JSON and the charts go (test/bench/results)
  --other DIR     another checkout of ours, built, to compare with
`

class OptionError extends Error {}

function list<Name extends string>(option: string, given: string | undefined, names: readonly Name[]): readonly Name[] {
  return given === undefined
    ? names
    : given.split(',').map((each) => {
        const found = names.find((name) => name === each)
        if (found === undefined) throw new OptionError(`--${option} has ${each}, which is none of ${names.join(', ')}`)
        return found
      })
}

function number(option: string, given: string, isValid: (value: number) => boolean, expected: string): number {
  const value = Number(given)
  if (!isValid(value)) throw new OptionError(`--${option} is ${given}, not ${expected}`)
  return value
}

function parse<Work extends string>(works: readonly Work[]): BenchOptions<Work> {
  const { values } = parseArgs({
    options: {
      works: { type: 'string' },
      peers: { type: 'string' },
      rounds: { type: 'string', default: '5' },
      scale: { type: 'string', default: '1' },
      output: { type: 'string', default: `${import.meta.dirname}/results` },
      other: { type: 'string' },
    },
  })
  const peers = list(
    'peers',
    values.peers,
    subjectNames.filter((name) => subjects[name].kind !== 'ours'),
  )
  return {
    works: list('works', values.works, works),
    rounds: number(
      'rounds',
      values.rounds,
      (value) => Number.isInteger(value) && value > 0,
      'a whole number from 1 on',
    ),
    scale: number('scale', values.scale, (value) => value > 0 && value < Infinity, 'a number above 0'),
    output: values.output,
    other: values.other,
    takesPart(subject) {
      if (subject === 'other') return values.other !== undefined
      return subjects[subject].kind === 'ours' || peers.some((peer) => peer === subject)
    },
  }
}

/** Reads the command line. A mistake there ends the process with one line on what it was, and how it is used. */
export function readOptions<Work extends string>(command: string, works: readonly Work[]): BenchOptions<Work> {
  try {
    return parse(works)
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${usage(command, works)}`)
    return process.exit(2)
  }
}
