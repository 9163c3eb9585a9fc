import { numberFrom, type OptionRule } from '../options/validation.ts'

/** The rules of what SharedEventSourceInit adds. */
export const optionRules = {
  scope: { isValid: (value) => typeof value === 'string', expected: 'a string' },
  replay: numberFrom(0, 0),
} satisfies Record<string, OptionRule>
