import { setDefaultTransport } from './transport/default.ts'
import { refuseDispatcher } from './transport/fetch.server.ts'
import { createFetchTransport } from './transport/fetch.ts'
import { createUndiciTransport } from './transport/undici.ts'

// biome-ignore lint/performance/noReExportAll: the same names as everywhere is what this entry is, so they are not listed twice.
export * from './index.ts'

setDefaultTransport((settings) => {
  if (!settings.fetch) return createUndiciTransport(settings)
  refuseDispatcher(settings)
  return createFetchTransport(settings.fetch)
})
