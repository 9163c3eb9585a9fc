import type { Settings } from '../options.ts'
import { refuseDispatcher } from './fetch.server.ts'
import { createFetchTransport } from './fetch.ts'
import type { Transport } from './transport.ts'

/** Makes the transport that a session's requests go over. */
export type CreateTransport = (settings: Settings) => Transport

export let createTransport: CreateTransport = (settings) => {
  refuseDispatcher(settings)
  return createFetchTransport(settings.fetch)
}

/** For the entry point of a runtime that has something better than fetch. */
export function setDefaultTransport(createDefault: CreateTransport): void {
  createTransport = createDefault
}
