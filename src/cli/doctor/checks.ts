import { isEventStream } from '../../content-type.ts'
import { checkBuffering } from './checks/buffering.ts'
import { checkCacheControl } from './checks/caching.ts'
import { checkCompression } from './checks/compression.ts'
import {
  checkAuthorizationPreflight,
  checkConnectionLimit,
  checkCors,
  checkLastEventIdPreflight,
} from './checks/cross-origin.ts'
import { checkKeepAlive } from './checks/keep-alive.ts'
import {
  checkCharset,
  checkConnection,
  checkContentType,
  checkHttpVersion,
  checkRedirects,
  checkStatus,
} from './checks/response.ts'
import { checkIds, checkResumption, checkRetry } from './checks/resumption.ts'
import { checkBlankLine, checkFields, checkJson, checkUtf8 } from './checks/syntax.ts'
import { type Examination, readHeader } from './examination.ts'
import { skip, type Verdict } from './verdict.ts'

type Check = (examination: Examination) => Verdict

/** Every check under its name, in the order of the report. */
const checks = {
  status: checkStatus,
  redirects: checkRedirects,
  'content-type': checkContentType,
  charset: checkCharset,
  'cache-control': checkCacheControl,
  'http-version': checkHttpVersion,
  connection: checkConnection,
  compression: checkCompression,
  buffering: checkBuffering,
  'blank-line': ofStream(checkBlankLine),
  'utf-8': ofStream(checkUtf8),
  json: ofStream(checkJson),
  fields: ofStream(checkFields),
  ids: ofStream(checkIds),
  resumption: ofStream(checkResumption),
  retry: ofStream(checkRetry),
  'keep-alive': ofStream(checkKeepAlive),
  cors: checkCors,
  'preflight-last-event-id': checkLastEventIdPreflight,
  'preflight-authorization': checkAuthorizationPreflight,
  'connection-limit': checkConnectionLimit,
} satisfies Record<string, Check>

export type CheckName = keyof typeof checks

export interface Finding extends Verdict {
  readonly check: CheckName
}

/** A check that has nothing to say about a page of HTML and the like. */
function ofStream(check: Check): Check {
  return (examination) => {
    const { recording, stream } = examination.main
    if (!recording.head) return skip('no response')
    const { status, headers } = recording.head
    const isStream = isEventStream(readHeader(headers, 'content-type') ?? null) || stream.events.length > 0
    return status === 200 && isStream ? check(examination) : skip('no stream')
  }
}

export function runChecks(examination: Examination): readonly Finding[] {
  return Object.entries(checks).map(([name, check]) => ({ check: name as CheckName, ...check(examination) }))
}
