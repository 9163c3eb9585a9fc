import process from 'node:process'
import { parseArgs } from 'node:util'
import { type SubjectKind, type SubjectName, subjectNames, subjects } from './subjects.ts'

/** The options of all benchmark commands. */
export interface BenchOptions<WorkloadName extends string> {
  readonly workloads: readonly WorkloadName[]
  readonly rounds: number
  /** The factor that the amount of work is multiplied by. */
  readonly scale: number
  /** The directory that results are written to. */
  readonly output: string
  /** The directory of another checkout of everysource, already built, to compare with. */
  readonly other: string | undefined
  /** Whether the results are compared with those on record, and not written. */
  readonly check: boolean
  /** Returns whether a subject is measured. everysource always is. */
  includes(subject: SubjectName): boolean
}

const peerNames = subjectNames.filter((name) => subjects[name].kind !== 'ours')

const namesOf = (kind: SubjectKind): string => subjectNames.filter((name) => subjects[name].kind === kind).join(', ')

const usage = (command: string, workloads: readonly string[]): string => `Usage: npm run ${command} -- [options]

  --workloads a,b  the workloads to measure (default: all):
                   ${workloads.join(', ')}
  --peers a,b      the peers and baselines to compare with (default: all):
                   ${namesOf('peer')}
                   ${namesOf('baseline')}
  --rounds N       the number of rounds (default: 5)
  --scale X        the factor for the amount of work, such as 0.1 (default: 1)
  --output DIR     the directory for results.json and the charts (default: test/bench/results)
  --other DIR      another checkout of everysource, already built, to compare with
  --check          write nothing, and fail if a ratio is worse than all that results.json has on record for it
  --help           print this help
`

class OptionError extends Error {}

function list<Name extends string>(option: string, given: string | undefined, names: readonly Name[]): readonly Name[] {
  return given === undefined
    ? names
    : given.split(',').map((each) => {
        const found = names.find((name) => name === each)
        if (found === undefined)
          throw new OptionError(`--${option}: unknown name ${each}; the names are ${names.join(', ')}`)
        return found
      })
}

function number(option: string, given: string, isValid: (value: number) => boolean, expected: string): number {
  const value = Number(given)
  if (!isValid(value)) throw new OptionError(`--${option} must be ${expected}, not ${given}`)
  return value
}

function parse<Name extends string>(workloads: readonly Name[]): BenchOptions<Name> | undefined {
  const { values } = parseArgs({
    options: {
      help: { type: 'boolean' },
      workloads: { type: 'string' },
      peers: { type: 'string' },
      rounds: { type: 'string', default: '5' },
      scale: { type: 'string', default: '1' },
      output: { type: 'string', default: `${import.meta.dirname}/results` },
      other: { type: 'string' },
      check: { type: 'boolean', default: false },
    },
  })
  if (values.help) return undefined
  const peers = list('peers', values.peers, peerNames)
  return {
    workloads: list('workloads', values.workloads, workloads),
    rounds: number('rounds', values.rounds, (value) => Number.isInteger(value) && value > 0, 'a positive integer'),
    scale: number('scale', values.scale, (value) => value > 0 && value < Infinity, 'a positive number'),
    output: values.output,
    other: values.other,
    check: values.check,
    includes(subject) {
      if (subject === 'other') return values.other !== undefined
      return subjects[subject].kind === 'ours' || peers.some((peer) => peer === subject)
    },
  }
}

/**
 * Reads the command line. Prints the usage and exits for `--help`. Prints the error and the usage and exits with code 2 if
 * an option is invalid.
 */
export function readOptions<Name extends string>(command: string, workloads: readonly Name[]): BenchOptions<Name> {
  try {
    const options = parse(workloads)
    if (options) return options
    process.stdout.write(usage(command, workloads))
    return process.exit(0)
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${usage(command, workloads)}`)
    return process.exit(2)
  }
}
