import { createFetchTransport } from './fetch.ts'
import type { CreateTransport } from './transport.ts'

export const createTransport: CreateTransport = ({ fetch }) => createFetchTransport(fetch)
