import { type ErrorDetails, EventSource, type EventSourceInit } from '../../src/index.ts'

/** Resolves with what the first error of a source says. */
function firstError(
  url: string,
  init?: EventSourceInit,
): Promise<Pick<ErrorDetails, 'reason' | 'message' | 'willReconnect'>> {
  return new Promise((resolve) => {
    const source = new EventSource(url, init)
    source.onerror = ({ reason, message, willReconnect }) => {
      source.close()
      resolve({ reason, message, willReconnect })
    }
  })
}

Object.assign(globalThis, { firstError })
