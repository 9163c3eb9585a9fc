import { throwInvalid } from '../options/validation.ts'
import { createFetchTransport } from './fetch.ts'
import { sendAndRedirect } from './redirecting-fetch.ts'
import { adaptInit } from './runtime-fetch.ts'
import type { CreateTransport } from './transport.ts'

/**
 * A request that has to go through a proxy must not be sent without one.
 * @throws TypeError if there is a dispatcher, which only undici can use
 */
export const createTransport: CreateTransport = ({ fetch, dispatcher }) => {
  if (dispatcher != null) {
    throwInvalid('dispatcher', dispatcher, "usable here: it is for Node, without the option 'fetch'")
  }
  if (!fetch) return createFetchTransport(undefined, sendAndRedirect)
  return createFetchTransport(fetch, (fetch, url, init) => fetch(url, adaptInit(init)))
}
