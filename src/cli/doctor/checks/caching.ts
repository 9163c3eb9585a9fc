import { type CheckResult, fail, ok, skip, warn } from '../check-result.ts'
import type { Examination } from '../examination.ts'
import { headerList, headerValue } from '../response-headers.ts'

const fix = 'send Cache-Control: no-store'

export function checkCacheControl({ main }: Examination): CheckResult {
  const { head } = main.recording
  if (head?.status !== 200) return skip('the response is not a stream')
  const age = headerValue(head.headers, 'age')
  if (age !== undefined) return fail(`Age: ${age}: the response comes from a cache`, `${fix}, and clear the cache`)
  const cacheControl = headerValue(head.headers, 'cache-control')
  if (cacheControl === undefined) {
    return warn('no Cache-Control header', `${fix}; without it, a cache may store the stream`)
  }
  const directives = headerList(head.headers, 'cache-control')
  if (directives.includes('no-store') || directives.includes('no-cache')) return ok(cacheControl)
  const mayBeStored = directives.some((directive) => /^(public|immutable|(s-)?max-age="?0*[1-9])/.test(directive))
  if (mayBeStored) return fail(cacheControl, `${fix}; this value lets a cache store the stream and reuse it`)
  return warn(cacheControl, `${fix}; this value does not rule out that a cache stores the stream`)
}
