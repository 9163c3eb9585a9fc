import { describeNetworkError } from '../network-errors.ts'
import { type CheckResult, fail } from './check-result.ts'

/** Describes a request that failed before the response, or in the middle of it. */
export function describeFailure(error: Error): CheckResult {
  const { message, fix } = describeNetworkError(error)
  return fail(message, fix)
}
