import { onGlobalEvents } from '../global-events.ts'
import { createFetchTransport, type SendRequest } from './fetch.ts'
import type { CreateTransport } from './transport.ts'

const blockedByPolicy = 'Content-Security-Policy: add this origin to connect-src'

/** Describes why a request to another origin may have failed before the response: browsers do not say. */
function describeCrossOriginFailure(headers: object): string {
  const preflighted = Object.keys(headers).filter((name) => name !== 'Accept')
  const allowHeaders = preflighted.length ? `, and Access-Control-Allow-Headers for ${preflighted.join(', ')}` : ''
  return `network error, or the server does not allow this origin: Access-Control-Allow-Origin${allowHeaders}`
}

/** Calls `fetch`, and explains a failure as far as a page can: `fetch` itself says only that it failed. */
const sendAndExplain: SendRequest = async (fetch, url, init, handler) => {
  let isBlocked = false
  const onViolation = (event: Event): void => {
    const { effectiveDirective, disposition, blockedURI } = event as SecurityPolicyViolationEvent
    // Other requests of the page may be blocked meanwhile, those to the same origin too. Content Security Policy 3, 5.3:
    // "set violation's resource to request's URL": the one before redirects. 5.4: "Set url's fragment to the empty string."
    isBlocked ||=
      effectiveDirective === 'connect-src' && disposition === 'enforce' && blockedURI === url.replace(/#.*/, '')
  }
  const stopListening = onGlobalEvents(['securitypolicyviolation'], onViolation)
  try {
    return await fetch(url, init)
  } catch (error) {
    // A violation is reported in a separate task, after the request has failed.
    await new Promise((resolve) => setTimeout(resolve))
    if (isBlocked) {
      handler.refuse('unsupported', blockedByPolicy)
      return
    }
    if (new URL(url).origin === globalThis.origin) throw error
    throw new TypeError(describeCrossOriginFailure(init.headers as object), { cause: error })
  } finally {
    stopListening?.()
  }
}

export const createTransport: CreateTransport = ({ fetch }) => createFetchTransport(fetch, sendAndExplain)
