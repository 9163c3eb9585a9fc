import { findClosestMatch } from './closest-match.ts'
import { findCurlEquivalent } from './curl-options.ts'
import { UsageError } from './errors.ts'

/** One option of a command. */
export interface Option {
  readonly type: 'string' | 'boolean'
  /** The one-letter form, without the dash. */
  readonly short?: string
  /** Whether the option may be given more than once. */
  readonly multiple?: boolean
  /** The placeholder for the option's value in the help text; FILE if it is a path. */
  readonly value?: string
  /** The valid values, if there are only a few. */
  readonly choices?: readonly string[]
  /** The description for the help text, with line breaks where a line would become too long. */
  readonly help: string
}

export type Options = Readonly<Record<string, Option>>

/** The value of each option; an option that was not given has no member. */
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

/** The options that every command has. */
export const commonOptions = {
  help: { type: 'boolean', short: 'h', help: 'show this help' },
} as const satisfies Options

/** @throws UsageError */
export function parseCommandLine<const Given extends Options>(
  commandLine: readonly string[],
  options: Given,
): CommandLine<Given> {
  // This is not imported, because an import takes longer (version.ts).
  const { parseArgs } = process.getBuiltinModule('node:util')
  // The parser is not strict, because Node's own error messages differ between versions, and suggest nothing.
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
    if (!option) throw new UsageError(`unknown option ${rawName}; ${suggestOption(rawName, options)}`)
    if (option.type === 'boolean') {
      if (value !== undefined) throw new UsageError(`${rawName} takes no value`)
    } else if (value === undefined) {
      throw new UsageError(`${rawName} needs a value: ${rawName} ${option.value}`)
    } else if (!inlineValue && /^-./.test(value)) {
      const inline = rawName.startsWith('--') ? `${rawName}=${value}` : `${rawName}${value}`
      throw new UsageError(`${rawName} needs a value, but ${value} looks like an option; to pass it, write ${inline}`)
    }
    if (!option.multiple && given.has(name)) throw new UsageError(`${rawName} was given twice`)
    given.add(name)
  }
  return { values: values as Values<Given>, operands: positionals }
}

function suggestOption(rawName: string, options: Options): string {
  const names = Object.entries(options).flatMap(([name, { short }]) => [`--${name}`, ...(short ? [`-${short}`] : [])])
  const equivalent = findCurlEquivalent(rawName, (form) => names.includes(form))
  if (equivalent) return equivalent
  const suggestion = findClosestMatch(rawName, names)
  return suggestion ? `did you mean ${suggestion}?` : '--help lists the options'
}

/** @throws UsageError */
export function parseCount(option: string, text: string): number {
  const count = Number(text)
  if (/^\d+$/.test(text) && count >= 1 && Number.isSafeInteger(count)) return count
  throw new UsageError(`${option} is ${JSON.stringify(text)}, not a whole number of at least 1`)
}

/**
 * Parses a number of seconds.
 * @returns milliseconds
 * @throws UsageError
 */
export function parseSeconds(option: string, text: string): number {
  if (/^\d{1,12}(\.\d+)?$/.test(text)) return Number(text) * 1_000
  throw new UsageError(`${option} is ${JSON.stringify(text)}, not a number of seconds such as 30 or 2.5`)
}
