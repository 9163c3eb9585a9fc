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

/** Makes a request that the policy blocks, then resolves with what the source's own first error says. */
async function firstErrorAfterViolation(
  url: string,
  blockedUrl: string,
): Promise<Pick<ErrorDetails, 'reason' | 'message' | 'willReconnect'>> {
  const error = firstError(url)
  await fetch('/arrived')
  await new Promise((resolve) => {
    document.addEventListener('securitypolicyviolation', resolve)
    fetch(blockedUrl).catch(() => undefined)
  })
  await fetch('/fail')
  return error
}

Object.assign(globalThis, { firstError, firstErrorAfterViolation })
