import { isEventStream } from '../../content-type.ts'
import { type CheckResult, skip } from './check-result.ts'
import { checkBuffering } from './checks/buffering.ts'
import { checkCacheControl } from './checks/caching.ts'
import { checkCompression } from './checks/compression.ts'
import {
  checkAuthorizationPreflight,
  checkConnectionLimit,
  checkCors,
  checkLastEventIdPreflight,
} from './checks/cross-origin.ts'
import { checkEvents } from './checks/events.ts'
import { checkKeepAlive } from './checks/keep-alive.ts'
import { checkRedirects } from './checks/redirects.ts'
import { checkCharset, checkConnection, checkContentType, checkHttpVersion } from './checks/response.ts'
import { checkIds, checkResumption, checkRetry } from './checks/resumption.ts'
import { checkStatus } from './checks/status.ts'
import { checkBlankLine, checkFields, checkJson, checkUtf8 } from './checks/syntax.ts'
import type { Examination } from './examination.ts'
import { headerValue } from './response-headers.ts'

type Check = (examination: Examination) => CheckResult

/** The checks by their names, in the order of the report. */
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
  events: streamCheck(checkEvents),
  'blank-line': streamCheck(checkBlankLine),
  'utf-8': streamCheck(checkUtf8),
  json: streamCheck(checkJson),
  fields: streamCheck(checkFields),
  ids: streamCheck(checkIds),
  resumption: streamCheck(checkResumption),
  retry: streamCheck(checkRetry),
  'keep-alive': streamCheck(checkKeepAlive),
  cors: checkCors,
  'preflight-last-event-id': checkLastEventIdPreflight,
  'preflight-authorization': checkAuthorizationPreflight,
  'connection-limit': checkConnectionLimit,
} satisfies Record<string, Check>

export type CheckName = keyof typeof checks

export interface Finding extends CheckResult {
  readonly check: CheckName
}

/** Skips a check if the response is not an event stream, such as an HTML page. */
function streamCheck(check: Check): Check {
  return (examination) => {
    const { recording, stream } = examination.main
    if (!recording.head) return skip('no response')
    const { status, headers } = recording.head
    const isStream = isEventStream(headerValue(headers, 'content-type') ?? null) || stream.events.length > 0
    return status === 200 && isStream ? check(examination) : skip('the response is not a stream')
  }
}

export function runChecks(examination: Examination): readonly Finding[] {
  return Object.entries(checks).map(([name, check]) => ({ check: name as CheckName, ...check(examination) }))
}
