import { describeError } from '../../error-message.ts'
import { Connections } from '../../node/connections.ts'
import { readProxy } from '../../node/proxy-environment.ts'
import type { EventSourceInit } from '../../options/event-source-init.ts'
import { readSettings } from '../../options/settings.ts'
import type { RequestHeaders } from '../../platform/platform.ts'
import { type CommandLine, parseSeconds } from '../command-line/command-line.ts'
import { UsageError } from '../command-line/errors.ts'
import { BearerCommand } from './bearer-command.ts'
import { readTrustedCertificates } from './certificates.ts'
import { guessContentType, readBody } from './request-body.ts'
import { parseHeaders, parseUser } from './request-headers.ts'
import type { RequestValues, requestOptions } from './request-options.ts'
import { parseUrlOperand } from './url-operand.ts'

/** A URL, and the request that is sent to it. */
export interface Endpoint {
  readonly url: string
  /** Whether the request is a GET without additional headers. */
  readonly isPlainGet: boolean
  /** The members that the request options give; `dispatcher` uses the proxy and the certificates. */
  readonly init: EventSourceInit & { readonly dispatcher: Connections }
}

/** The option that gives a member of EventSourceInit. */
const optionNames: Readonly<Record<string, string>> = {
  headers: '-H',
  method: '-X',
  lastEventId: '--last-event-id',
}

/**
 * Reads the URL and the request options, including the files that they name and standard input.
 * @param signal a signal that ends a running bearer command
 * @throws UsageError
 */
export async function createEndpoint(
  { values, operands }: CommandLine<typeof requestOptions>,
  signal: AbortSignal,
): Promise<Endpoint> {
  const url = parseUrlOperand(operands)
  const { method, headers, body } = await readRequest(values)
  const given = values['bearer-command']
  const command = given === undefined ? undefined : new BearerCommand(given, signal)
  const seconds = (name: 'open-timeout' | 'idle-timeout'): number => parseSeconds(`--${name}`, values[name] ?? '0')
  const init = {
    headers:
      command === undefined
        ? headers
        : async () => [...headers, ['authorization', `Bearer ${await command.run()}`]] as const,
    method,
    body,
    lastEventId: values['last-event-id'],
    lastEventIdQueryParam: values['id-param'],
    openTimeout: seconds('open-timeout'),
    idleTimeout: seconds('idle-timeout'),
    dispatcher: await createDispatcher(values),
  } satisfies Endpoint['init']
  try {
    readSettings(url, init)
  } catch (error) {
    const message = describeError(error).replace(/^\w+/, (member) => optionNames[member] ?? member)
    throw new UsageError(message, { cause: error })
  }
  const isPlainGet = method === 'GET' && command === undefined && [...headers].length === 0
  return { url, init, isPlainGet }
}

async function readRequest(
  values: RequestValues,
): Promise<{ method: string; headers: RequestHeaders; body: Uint8Array<ArrayBuffer> | undefined }> {
  const body = values.body === undefined ? undefined : await readBody(values.body)
  const method = values.method ?? (body ? 'POST' : 'GET')
  if (body && /^(get|head)$/i.test(method)) {
    throw new UsageError(`-d gives a body, which a ${method} request cannot have; omit -X to send a POST`)
  }
  const headers = parseHeaders(values.header ?? [])
  checkAuthorization(values, headers)
  if (values.user !== undefined) headers.set('authorization', parseUser(values.user))
  if (body && !headers.has('content-type')) headers.set('content-type', guessContentType(body))
  return { method, headers, body }
}

/** @throws UsageError if more than one option gives an Authorization header */
function checkAuthorization({ user, 'bearer-command': command }: RequestValues, headers: RequestHeaders): void {
  const given = [
    ...(headers.has('authorization') ? ['-H'] : []),
    ...(user === undefined ? [] : ['-u']),
    ...(command === undefined ? [] : ['--bearer-command']),
  ]
  if (given.length < 2) return
  throw new UsageError(`${given.join(' and ')} both give an Authorization header; remove one of them`)
}

/**
 * Creates a dispatcher with the proxy and the certificates of the options, and with its own connections.
 * @throws UsageError
 */
export async function createDispatcher({ cacert, insecure = false, proxy }: RequestValues): Promise<Connections> {
  const settings = proxy === undefined ? undefined : readProxy(proxy)
  if (proxy !== undefined && !settings) {
    // The value may contain a password.
    throw new UsageError('--proxy is not a URL such as http://localhost:3128 or socks5://localhost:1080')
  }
  const ca = cacert === undefined ? undefined : await readTrustedCertificates(cacert)
  return new Connections({ proxy: settings, tls: { rejectUnauthorized: !insecure, ...(ca && { ca }) } })
}
