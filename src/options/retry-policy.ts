import type { RetryPolicy } from './event-source-init.ts'
import { applyRules, isFunction, isNumber, numberFrom, type OptionRule } from './validation.ts'

/** The reconnection time until the server or the policy sets another one, in ms. */
export const defaultReconnectionTime = 3_000

const defaultMaxDelay = 30_000

/** The time after which an open connection counts as a success, in ms. */
export const defaultResetAfter = 10_000

/** {@link RetryPolicy}, validated, with every default filled in. */
export type Policy = { readonly [Member in Exclude<keyof RetryPolicy, 'statuses'>]-?: number } & {
  readonly statuses: (status: number) => boolean
}

/** The rules of a policy. Either of the two delays may be given alone: the other one's default adapts to it. */
function policyRules({ initialDelay, maxDelay }: RetryPolicy): Record<string, OptionRule> {
  return {
    initialDelay: numberFrom(0, Math.min(defaultReconnectionTime, maxDelay ?? Infinity)),
    maxDelay: numberFrom(initialDelay ?? 0, Math.max(defaultMaxDelay, initialDelay ?? 0)),
    factor: numberFrom(1, 2),
    jitter: numberFrom(0, 1, 1, '0 to 1'),
    maxAttempts: numberFrom(1, Infinity),
    resetAfter: numberFrom(0, defaultResetAfter),
    statuses: {
      default: [],
      isValid: (value) => isFunction(value) || (Array.isArray(value) && value.every(isNumber)),
      expected: 'an array of numbers, or a function',
    },
  }
}

/** @throws TypeError or RangeError for an invalid member */
export function readPolicy(retry: RetryPolicy): Policy {
  const { statuses, ...policy } = applyRules(retry, policyRules(retry), 'retry.') as Required<RetryPolicy>
  return {
    ...policy,
    statuses: Array.isArray(statuses) ? (status) => statuses.includes(status) : statuses,
  } as Policy
}

/** The policy without any option. All streams share it: thousands of copies would take memory. */
export const defaultPolicy = /* @__PURE__ */ readPolicy({})
