import { applyRules, type OptionRule } from '../options/validation.ts'
import { createFetchTransport } from './fetch.ts'
import { redirectingFetch } from './redirecting-fetch.ts'
import type { CreateTransport } from './transport.ts'

/** A request that has to go through a proxy must not be sent without one. */
const rules = {
  dispatcher: { isValid: () => false, expected: "usable here: it is for Node, without the option 'fetch'" },
} satisfies Record<string, OptionRule>

/** @throws TypeError if there is a dispatcher, which only undici can use */
export const createTransport: CreateTransport = (settings) => {
  applyRules(settings, rules)
  return createFetchTransport(settings.fetch, redirectingFetch)
}
