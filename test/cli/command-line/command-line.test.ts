import { expect, test } from 'vitest'
import { type Options, parseCommandLine, parseSeconds } from '../../../src/cli/command-line/command-line.ts'
import { UsageError } from '../../../src/cli/command-line/errors.ts'

const options = {
  header: { type: 'string', short: 'H', multiple: true, value: 'TEXT', help: '' },
  state: { type: 'string', value: 'FILE', help: '' },
  quiet: { type: 'boolean', short: 'q', help: '' },
  'max-events': { type: 'string', value: 'N', help: '' },
} as const satisfies Options

test('Options and operands may be given in any order', () => {
  expect(parseCommandLine(['a', '-qH', 'one', '--state=x', '--header', 'two', '--', '-b'], options)).toEqual({
    values: { quiet: true, header: ['one', 'two'], state: 'x' },
    operands: ['a', '-b'],
  })
  expect(parseCommandLine(['--state', '-', '-H-x', '--max-events=-1'], options)).toEqual({
    values: { state: '-', header: ['-x'], 'max-events': '-1' },
    operands: [],
  })
})

test.for([
  [['--stat', 'x'], 'unknown option --stat; did you mean --state?'],
  [['--satte', 'x'], 'unknown option --satte; did you mean --state?'],
  [['--max-event'], 'unknown option --max-event; did you mean --max-events?'],
  [['--max'], 'unknown option --max; did you mean --max-events?'],
  [['-h'], 'unknown option -h; --help lists the options'],
  [['-A', 'me'], "unknown option -A; use -H 'User-Agent: …'"],
  [['-S'], 'unknown option -S; omit it: errors are always shown'],
  [['-x', 'http://a'], 'unknown option -x; --help lists the options'],
  [['--constructor'], 'unknown option --constructor; --help lists the options'],
  [['--no-quiet'], 'unknown option --no-quiet; --help lists the options'],
  [['--quiet=yes'], '--quiet takes no value'],
  [['--state'], '--state needs a value: --state FILE'],
  [['-H'], '-H needs a value: -H TEXT'],
  [
    ['--state', '--quiet'],
    '--state needs a value, but --quiet looks like an option; to pass it, write --state=--quiet',
  ],
  [['-H', '-x'], '-H needs a value, but -x looks like an option; to pass it, write -H-x'],
  [['--quiet', '-q'], '-q was given twice'],
  [['--state', 'a', '--state=b'], '--state was given twice'],
] as const)('The command line %j is refused', ([commandLine, message]) => {
  expect(() => parseCommandLine(commandLine, options)).toThrow(new UsageError(message))
})

test.for([
  ['0', 0],
  ['30', 30_000],
  ['2.5', 2_500],
  ['0.0015', 1.5],
] as const)('A time of %s seconds is %s ms', ([text, milliseconds]) => {
  expect(parseSeconds('--idle-timeout', text)).toBe(milliseconds)
})

test.for(['', ' 1', '1s', '1e3', '-1', '.5', 'Infinity', '9999999999999'])(
  'The text %j is refused as a number of seconds',
  (text) => {
    expect(() => parseSeconds('--idle-timeout', text)).toThrow(UsageError)
  },
)
