import { createFetchTransport, toPlainHeaders } from './fetch.ts'
import type { CreateTransport, TransportRequest } from './transport.ts'

const blockedByPolicy = "the page's Content-Security-Policy does not allow this URL: add its origin to connect-src"

/** What a request that failed before a response may have met: browsers do not say. Undefined within the page's origin. */
function describeCrossOriginFailure({ url, headers }: TransportRequest): string | undefined {
  if (new URL(url).origin === globalThis.origin) return
  const preflighted = Object.keys(toPlainHeaders(headers)).filter((name) => name !== 'Accept')
  const allowHeaders = preflighted.length ? `, and Access-Control-Allow-Headers for ${preflighted.join(', ')}` : ''
  return `network error, or the server does not allow this origin: Access-Control-Allow-Origin${allowHeaders}`
}

/** Over fetch, with the reasons that a page can find out when `fetch` only says that it failed. */
export const createTransport: CreateTransport = ({ fetch }) => {
  const transport = createFetchTransport(fetch)
  return async (request, handler) => {
    let hasResponse = false
    let isBlocked = false
    const onViolation = ({ effectiveDirective, disposition }: SecurityPolicyViolationEvent): void => {
      isBlocked ||= effectiveDirective === 'connect-src' && disposition === 'enforce'
    }
    globalThis.addEventListener('securitypolicyviolation', onViolation)
    const response: typeof handler.response = (head) => {
      hasResponse = true
      globalThis.removeEventListener('securitypolicyviolation', onViolation)
      handler.response(head)
    }
    try {
      await transport(request, { ...handler, response })
    } catch (error) {
      if (hasResponse) throw error
      // A violation is reported in a task of its own, after the request has failed.
      await new Promise((resolve) => setTimeout(resolve))
      if (isBlocked) return handler.refuse('unsupported', blockedByPolicy)
      const message = describeCrossOriginFailure(request)
      throw message ? new TypeError(message, { cause: error }) : error
    } finally {
      globalThis.removeEventListener('securitypolicyviolation', onViolation)
    }
  }
}
