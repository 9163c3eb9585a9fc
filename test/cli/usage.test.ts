import { expect, test } from 'vitest'
import { type Options, readCommandLine, readSeconds, UsageError } from '../../src/cli/usage.ts'

const options = {
  header: { type: 'string', short: 'H', multiple: true, value: 'TEXT', help: '' },
  state: { type: 'string', value: 'FILE', help: '' },
  quiet: { type: 'boolean', short: 'q', help: '' },
  'max-events': { type: 'string', value: 'N', help: '' },
} as const satisfies Options

test('options and operands are read in any order', () => {
  expect(readCommandLine(['a', '-qH', 'one', '--state=x', '--header', 'two', '--', '-b'], options)).toEqual({
    values: { quiet: true, header: ['one', 'two'], state: 'x' },
    operands: ['a', '-b'],
  })
  expect(readCommandLine(['--state', '-', '-H-x', '--max-events=-1'], options)).toEqual({
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
  [['--constructor'], 'unknown option --constructor; --help lists the options'],
  [['--no-quiet'], 'unknown option --no-quiet; --help lists the options'],
  [['--quiet=yes'], '--quiet takes no value, and was given one'],
  [['--state'], '--state needs a value: --state FILE'],
  [['-H'], '-H needs a value: -H TEXT'],
  [['--state', '--quiet'], '--state is followed by --quiet, an option by its looks; if it is meant: --state=--quiet'],
  [['-H', '-x'], '-H is followed by -x, an option by its looks; if it is meant: -H-x'],
  [['--quiet', '-q'], '-q was given twice; once is allowed'],
  [['--state', 'a', '--state=b'], '--state was given twice; once is allowed'],
] as const)('%j is a mistake', ([commandLine, complaint]) => {
  expect(() => readCommandLine(commandLine, options)).toThrow(new UsageError(complaint))
})

test.for([
  ['0', 0],
  ['30', 30_000],
  ['2.5', 2_500],
  ['0.0015', 1.5],
] as const)('%s seconds', ([text, milliseconds]) => {
  expect(readSeconds('--idle-timeout', text)).toBe(milliseconds)
})

test.for(['', ' 1', '1s', '1e3', '-1', '.5', 'Infinity', '9999999999999'])('%j is no number of seconds', (text) => {
  expect(() => readSeconds('--idle-timeout', text)).toThrow(UsageError)
})
