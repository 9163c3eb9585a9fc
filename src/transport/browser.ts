import { createFetchTransport } from './fetch.ts'
import type { CreateTransport, TransportRequest } from './transport.ts'

/** What the page's Content-Security-Policy has blocked while a request was sent. */
function watchForBlockedRequests(): { isBlocked: boolean; end(): void } {
  const watch = {
    isBlocked: false,
    end: () => globalThis.removeEventListener('securitypolicyviolation', onViolation),
  }
  const onViolation = ({ effectiveDirective, disposition }: SecurityPolicyViolationEvent): void => {
    watch.isBlocked ||= effectiveDirective === 'connect-src' && disposition === 'enforce'
  }
  globalThis.addEventListener('securitypolicyviolation', onViolation)
  return watch
}

/** What a failure across origins may mean: a browser does not say. */
function describeCrossOriginFailure({ url, headers }: TransportRequest): string | undefined {
  if (new URL(url).origin === globalThis.origin) return
  const preflighted = [...headers.keys()].filter((name) => name !== 'accept')
  const allowed = preflighted.length ? `, and Access-Control-Allow-Headers for ${preflighted.join(', ')}` : ''
  return `network error, or the server does not allow this origin: Access-Control-Allow-Origin${allowed}`
}

export const createTransport: CreateTransport = ({ fetch }) => {
  const transport = createFetchTransport(fetch)
  return async (request, handler) => {
    return transport(request, handler)
  }
}
