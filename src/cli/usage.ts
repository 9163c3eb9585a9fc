import { parseArgs } from 'node:util'
import { nearest } from './nearest.ts'

/** What every command of ours exits with. */
export const exitCodes = {
  /** It came to its end, was interrupted by a signal, or nobody reads its output any more. */
  ended: 0,
  /** Something went wrong here: output or state could not be written, a payload was not JSON, a check failed. */
  failed: 1,
  /** The command line is not what it must be; nothing was requested. */
  usage: 2,
  /** The server's answer is final, and not a stream to use. */
  refused: 3,
  /** So many attempts in a row failed as `--max-attempts` allows. */
  gaveUp: 4,
} as const

/** A mistake in the command line: its message is one line that says what was wrong and what would be right. */
export class UsageError extends Error {}

/** Something that went wrong here, and ends the command with exit code 1: its message is one line. */
export class Failure extends Error {}

/** One option of a command. */
export interface Option {
  readonly type: 'string' | 'boolean'
  /** Its one-letter form, without the dash. */
  readonly short?: string
  /** Whether it may be given more than once. */
  readonly multiple?: boolean
  /** What stands for its value in the help text. */
  readonly value?: string
  /** What it does, for the help text; a line break where the line would become too long. */
  readonly help: string
}

export type Options = Readonly<Record<string, Option>>

/** What was given for each option; an option that was not given has no member. */
export type Values<Given extends Options> = {
  readonly [Name in keyof Given]?: Given[Name] extends { type: 'boolean' }
    ? boolean
    : Given[Name] extends { multiple: true }
      ? readonly string[]
      : string
}

export interface CommandLine<Given extends Options> {
  readonly values: Values<Given>
  readonly operands: readonly string[]
}

/** Options that every command has. */
export const commonOptions = {
  help: { type: 'boolean', short: 'h', help: 'show this text' },
} as const satisfies Options

/** @throws UsageError */
export function readCommandLine<const Given extends Options>(
  commandLine: readonly string[],
  options: Given,
): CommandLine<Given> {
  // Not strict: the words of Node's own complaints differ from version to version, and suggest nothing.
  const { values, positionals, tokens } = parseArgs({
    args: [...commandLine],
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  })
  const given = new Set<string>()
  for (const token of tokens) {
    if (token.kind !== 'option') continue
    const { name, rawName, value, inlineValue } = token
    const option = Object.hasOwn(options, name) ? options[name] : undefined
    if (!option) throw new UsageError(`unknown option ${rawName}; ${suggest(rawName, options)}`)
    if (option.type === 'boolean') {
      if (value !== undefined) throw new UsageError(`${rawName} takes no value, and was given one`)
    } else if (value === undefined) {
      throw new UsageError(`${rawName} needs a value: ${rawName} ${option.value}`)
    } else if (!inlineValue && /^-./.test(value)) {
      const inline = rawName.startsWith('--') ? `${rawName}=${value}` : `${rawName}${value}`
      throw new UsageError(`${rawName} is followed by ${value}, an option by its looks; if it is meant: ${inline}`)
    }
    if (!option.multiple && given.has(name)) throw new UsageError(`${rawName} was given twice; once is allowed`)
    given.add(name)
  }
  return { values: values as Values<Given>, operands: positionals }
}

function suggest(rawName: string, options: Options): string {
  const names = Object.entries(options).flatMap(([name, { short }]) => [`--${name}`, ...(short ? [`-${short}`] : [])])
  const suggestion = nearest(rawName, names)
  return suggestion ? `did you mean ${suggestion}?` : '--help lists the options'
}

/** @throws UsageError */
export function readCount(name: string, text: string): number {
  const count = Number(text)
  if (/^\d+$/.test(text) && count >= 1 && Number.isSafeInteger(count)) return count
  throw new UsageError(`${name} is ${JSON.stringify(text)}, not a whole number from 1 up`)
}

/**
 * @returns milliseconds
 * @throws UsageError
 */
export function readSeconds(name: string, text: string): number {
  if (/^\d{1,12}(\.\d+)?$/.test(text)) return Number(text) * 1_000
  throw new UsageError(`${name} is ${JSON.stringify(text)}, not a number of seconds such as 30 or 2.5`)
}

/** A section of a help text: a heading, and the options below it. */
export type HelpSection = readonly [heading: string, options: Options]

/** The lines that explain options, aligned with each other. */
export function describeOptions(sections: readonly HelpSection[]): string {
  const described = sections.map(([heading, options]) => ({
    heading,
    rows: Object.entries(options).map(([name, { short, value, help }]) => ({
      left: `  ${short ? `-${short}, ` : '    '}--${name}${value ? ` ${value}` : ''}`,
      help,
    })),
  }))
  const width = 2 + Math.max(...described.flatMap(({ rows }) => rows.map(({ left }) => left.length)))
  return described
    .map(({ heading, rows }) => {
      const lines = rows.map(({ left, help }) => left.padEnd(width) + help.replaceAll('\n', `\n${' '.repeat(width)}`))
      return `${heading}:\n${lines.join('\n')}\n`
    })
    .join('\n')
}
