import { warnOnce } from '../warn-once.ts'

/** What an option has to be. */
export interface OptionRule {
  /** The value if the option is undefined or null. */
  readonly default?: unknown
  /** Asked about any value but the default. */
  readonly isValid: (value: unknown) => boolean
  /** What is valid, in words: they complete "headers is 3, not …". */
  readonly expected: string
  /** Whether the value may be a secret, which no message may contain. */
  readonly isSecret?: boolean
}

export function isNumber(value: unknown): value is number {
  return typeof value === 'number'
}

export function isFunction(value: unknown): value is (...args: never[]) => unknown {
  return typeof value === 'function'
}

/** Whether a value is an object or a function. */
export function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || isFunction(value)
}

export function numberFrom(
  minimum: number,
  defaultValue: number,
  maximum = Infinity,
  expected = `at least ${minimum}`,
): OptionRule {
  return {
    default: defaultValue,
    isValid: (value) => isNumber(value) && value >= minimum && value <= maximum,
    expected,
  }
}

/** One of two words, of which the first is the default. */
export function eitherWord(defaultWord: string, otherWord: string): OptionRule {
  return {
    default: defaultWord,
    isValid: (value) => value === otherWord,
    expected: `'${defaultWord}' or '${otherWord}'`,
  }
}

/** A time in ms, of which 0, the default, means no limit. */
export const timeout = numberFrom(0, 0, Number.MAX_VALUE, 'a time in ms')

export const callback: OptionRule = { isValid: isFunction, expected: 'a function' }

export const anything: OptionRule = { isValid: () => true, expected: '' }

/**
 * Throws for an option that is not what it has to be: a RangeError for a number, a TypeError for anything else.
 * @param expected what is valid, in words
 */
export function throwInvalid(name: string, value: unknown, expected: string): never {
  const ErrorType = isNumber(value) ? RangeError : TypeError
  const shown = typeof value === 'string' ? JSON.stringify(value) : String(value)
  throw new ErrorType(`${name} is ${shown}, not ${expected}`)
}

/**
 * Copies options, fills in defaults, and warns once of options that no rule knows.
 * @param path what precedes the names of the options in messages
 * @param defaults what the copy inherits: a copy of every default, in thousands of streams, takes megabytes
 * @throws TypeError or RangeError for the first option that is not what its rule says
 */
export function applyRules(
  options: object,
  rules: Readonly<Record<string, OptionRule>>,
  path = '',
  defaults: object | null = null,
): Record<string, unknown> {
  const settings: Record<string, unknown> = Object.create(defaults)
  const given = options as Record<string, unknown>
  const unknown = Object.keys(given).filter((name) => !Object.hasOwn(rules, name) && given[name] !== undefined)
  if (unknown.length) warnOnce(`everysource ignores unknown options: ${unknown.map((name) => path + name).join(', ')}`)
  for (const name of Object.keys(rules)) {
    const rule = rules[name] as OptionRule
    // Web IDL reads the members of a dictionary by name: an instance of a class may have accessors, or inherit them.
    // Deviation: not from Object.prototype, to which old libraries add members for everybody.
    const isGiven = Object.hasOwn(given, name) || !(name in Object.prototype)
    const value = (isGiven ? given[name] : undefined) ?? rule.default
    if (!Object.is(value, rule.default) && !rule.isValid(value)) {
      if (rule.isSecret) throw new TypeError(`${path}${name} is a ${typeof value}, not ${rule.expected}`)
      throwInvalid(path + name, value, rule.expected)
    }
    if (!Object.is(value, settings[name])) settings[name] = value
  }
  return settings
}
