import type { EventStreamError } from '../../index.ts'

/** The statuses that `--retry-status transient` stands for: overload, restarts and rate limits. */
export const transientStatuses: readonly number[] = [408, 429, 500, 502, 503, 504]

/**
 * Suggests checking an endpoint with the doctor.
 * @param url the URL, without secrets
 */
export function suggestDoctor(url: string, isPlainGet: boolean): string {
  return isPlainGet
    ? `to find out why, run: everysource doctor ${url}`
    : 'to find out why, run everysource doctor with the same request options'
}

/**
 * Suggests what to do after a refused response.
 * @param doctor the suggestion to run the doctor
 */
export function suggestNextStep({ reason, status = 0, headers }: EventStreamError, doctor: string): string | undefined {
  if (reason === 'content-type' || reason === 'redirect') return doctor
  if (reason !== 'status') return undefined
  if (transientStatuses.includes(status)) return `to retry, use --retry-status ${describeRetry(headers)}`
  if (status === 401) return "pass credentials with -u USER:PASSWORD, -H 'Authorization: …' or --bearer-command COMMAND"
  if (status === 403) return 'check that the credentials may read this stream'
  if (status === 404 || status === 410) return 'check the path of the URL'
  if (status === 405) return suggestMethod(headers?.get('allow') ?? '') ?? doctor
  return doctor
}

function describeRetry(headers: Headers | undefined): string {
  const retryAfter = headers?.get('retry-after')
  return retryAfter ? `transient; the server asks for a delay: Retry-After: ${retryAfter}` : 'transient'
}

function suggestMethod(allow: string): string | undefined {
  const methods = allow.split(/[\s,]+/).filter(Boolean)
  const method = methods.find((each) => each === 'POST') ?? methods.find((each) => !/^(OPTIONS|HEAD)$/.test(each))
  if (!method) return undefined
  return `the server allows ${methods.join(', ')}: use -X ${method}${method === 'POST' ? ', or -d to send a body' : ''}`
}
