import { createTransport as createFetchTransport } from '../transport/default.ts'
import type { CreateTransport } from '../transport/transport.ts'
import { createNodeTransport } from './node-transport.ts'

/** @throws TypeError if `dispatcher` cannot be used */
export const createTransport: CreateTransport = (settings) =>
  settings.fetch ? createFetchTransport(settings) : createNodeTransport(settings)
