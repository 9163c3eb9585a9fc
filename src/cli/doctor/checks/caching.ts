import { type Examination, readHeader, readList } from '../examination.ts'
import { fail, ok, skip, type Verdict, warn } from '../verdict.ts'

const mend = 'send Cache-Control: no-store'

export function checkCacheControl({ main }: Examination): Verdict {
  const { head } = main.recording
  if (head?.status !== 200) return skip('no stream')
  const age = readHeader(head.headers, 'age')
  if (age !== undefined) {
    return fail(`Age: ${age}: the response comes out of a cache`, `${mend}, and empty the cache: what it has is old`)
  }
  const given = readHeader(head.headers, 'cache-control')
  if (given === undefined) return warn('no Cache-Control', `${mend}, or a cache on the way may keep the stream`)
  const directives = readList(head.headers, 'cache-control')
  if (directives.includes('no-store') || directives.includes('no-cache')) return ok(given)
  const mayBeStored = directives.some((directive) => /^(public|immutable|(s-)?max-age="?0*[1-9])/.test(directive))
  if (mayBeStored) return fail(given, `${mend}: with this, a cache may keep the stream and hand it to others`)
  return warn(given, `${mend}, which leaves no doubt`)
}
