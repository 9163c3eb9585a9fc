import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import process from 'node:process'
import { buffer } from 'node:stream/consumers'
import { rootCertificates } from 'node:tls'
import { type Dispatcher, EnvHttpProxyAgent, ProxyAgent, Socks5ProxyAgent } from 'undici'
import { describeError } from '../error-message.ts'
import type { EventSourceInit } from '../options/event-source-init.ts'
import { copyHeaders } from '../options/headers.ts'
import { readSettings } from '../options/settings.ts'
import { runBearerCommand } from './bearer-command.ts'
import { type CommandLine, type Options, readSeconds, UsageError, type Values } from './usage.ts'

/** What says how an endpoint is asked: the same for every command that asks one. */
export const requestOptions = {
  header: {
    type: 'string',
    short: 'H',
    multiple: true,
    value: "'Name: value'",
    help: 'send this request header; may be given more than once',
  },
  method: { type: 'string', short: 'X', value: 'METHOD', help: 'the HTTP method (GET; POST with -d)' },
  body: {
    type: 'string',
    short: 'd',
    value: 'DATA|@FILE|-',
    help: 'the request body: the text itself, what a file holds, or\nstandard input; its Content-Type, unless -H gives one, is\napplication/json if it is JSON, otherwise\napplication/x-www-form-urlencoded',
  },
  'last-event-id': { type: 'string', value: 'ID', help: 'resume after this event' },
  'id-param': {
    type: 'string',
    value: 'NAME',
    help: 'send the last event ID as this query parameter, not as a\nheader',
  },
  'bearer-command': {
    type: 'string',
    value: 'COMMAND',
    help: 'run by a shell before every attempt; what it prints is sent\nas the bearer token',
  },
  'open-timeout': { type: 'string', value: 'SECONDS', help: "how long to wait for the response's headers (for ever)" },
  'idle-timeout': {
    type: 'string',
    value: 'SECONDS',
    help: 'give a connection up after so much silence; comments count\nas sound (never)',
  },
  proxy: {
    type: 'string',
    value: 'URL',
    help: 'go through this proxy, http:, https: or socks5: (that of\nHTTP_PROXY or HTTPS_PROXY, but for the hosts in NO_PROXY)',
  },
  cacert: {
    type: 'string',
    value: 'FILE',
    help: 'trust the certificates in this PEM file, too',
  },
  insecure: { type: 'boolean', help: 'accept any certificate: anybody may pose as the server' },
} as const satisfies Options

type RequestValues = Values<typeof requestOptions>

/** An endpoint, and how it is asked. */
export interface Endpoint {
  readonly url: string
  /** With `dispatcher` in every case: it goes through the proxy, trusts the certificates, and has no limits of its own. */
  readonly init: EventSourceInit & { readonly dispatcher: Dispatcher }
}

/** Which option gives which member of EventSourceInit. */
const optionOf: Readonly<Record<string, string>> = {
  headers: '-H',
  method: '-X',
  lastEventId: '--last-event-id',
}

/**
 * Reads what names an endpoint and how it is asked, files and standard input included.
 * @param closed aborted when nothing more will be requested: it ends a bearer command that is under way
 * @throws UsageError
 */
export async function readEndpoint(
  { values, operands }: CommandLine<typeof requestOptions>,
  closed: AbortSignal,
): Promise<Endpoint> {
  const url = readUrl(operands)
  const body = values.body === undefined ? undefined : await readBody(values.body)
  const method = values.method ?? (body ? 'POST' : 'GET')
  if (body && /^(get|head)$/i.test(method)) {
    throw new UsageError(`-d gives a body, which -X ${method} cannot have; leave -X out for POST`)
  }
  const headers = readHeaderOptions(values.header ?? [])
  if (body && !headers.has('content-type')) {
    headers.set('content-type', isJson(body) ? 'application/json' : 'application/x-www-form-urlencoded')
  }
  const command = values['bearer-command']
  if (command !== undefined && headers.has('authorization')) {
    throw new UsageError('--bearer-command gives an Authorization header, and -H another one; leave one of them out')
  }
  const seconds = (name: 'open-timeout' | 'idle-timeout'): number => readSeconds(`--${name}`, values[name] ?? '0')
  const init = {
    headers:
      command === undefined
        ? headers
        : async () => [...headers, ['authorization', `Bearer ${await runBearerCommand(command, closed)}`]] as const,
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
    const message = describeError(error).replace(/^\w+/, (member) => optionOf[member] ?? member)
    throw new UsageError(message, { cause: error })
  }
  return { url, init }
}

function readUrl(operands: readonly string[]): string {
  const [url] = operands
  if (url === undefined) throw new UsageError('no URL was given; --help says more')
  if (operands.length > 1) {
    const given = operands.map((operand) => JSON.stringify(operand)).join(' ')
    throw new UsageError(`one URL is expected, not ${given}; a request body is given with -d`)
  }
  if (/^https?:\/\/[^/]/i.test(url) && URL.canParse(url)) return url
  const completed = `http://${url}`
  const hint = !/^\w+:\/\//.test(url) && URL.canParse(completed) ? `; did you mean ${completed}?` : ''
  throw new UsageError(`${JSON.stringify(url)} is not a URL that begins with http:// or https://${hint}`)
}

async function readBody(given: string): Promise<Uint8Array<ArrayBuffer>> {
  if (given === '-' || given === '@-') return new Uint8Array(await buffer(process.stdin))
  if (!given.startsWith('@')) return new TextEncoder().encode(given)
  return new Uint8Array(await readGivenFile('-d', given.slice(1)))
}

async function readGivenFile(option: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (error) {
    throw new UsageError(`${option}: the file cannot be read: ${describeError(error)}`, { cause: error })
  }
}

function isJson(body: Uint8Array): boolean {
  try {
    JSON.parse(new TextDecoder().decode(body))
    return true
  } catch {
    return false
  }
}

function readHeaderOptions(given: readonly string[]): Headers {
  const fields = given.map((text, index) => {
    const colon = text.indexOf(':')
    // The text may be a secret, so it is not repeated.
    if (colon < 1) throw new UsageError(`-H number ${index + 1} is not 'Name: value'`)
    return [text.slice(0, colon), text.slice(colon + 1).trim()] as const
  })
  try {
    return copyHeaders(fields)
  } catch (error) {
    throw new UsageError(describeError(error).replace('headers', '-H'), { cause: error })
  }
}

async function createDispatcher({ cacert, insecure = false, proxy }: RequestValues): Promise<Dispatcher> {
  const tls = {
    allowH2: true,
    rejectUnauthorized: !insecure,
    // Node has its own roots only as long as no others are given.
    ...(cacert !== undefined && { ca: [...rootCertificates, ...(await readCertificates(cacert))] }),
  }
  const agent = createAgent(proxy, {
    allowH2: true,
    connect: tls,
    // The same for a server behind a proxy, and for a proxy that speaks TLS itself.
    requestTls: tls,
    proxyTls: tls,
    // Many a proxy tunnels to TLS servers only, and forwards what is for others.
    proxyTunnel: false,
  })
  // A stream has no end that could be late. Agents for proxies do not hand on what they were told of this.
  return agent.compose(
    (dispatch) => (request, handler) => dispatch({ ...request, bodyTimeout: 0, headersTimeout: 0 }, handler),
  )
}

function createAgent(proxy: string | undefined, options: EnvHttpProxyAgent.Options): Dispatcher {
  if (proxy === undefined) return new EnvHttpProxyAgent(options)
  const { protocol } = URL.canParse(proxy) ? new URL(proxy) : { protocol: undefined }
  switch (protocol) {
    case 'http:':
    case 'https:':
      return new ProxyAgent({ ...options, uri: proxy })
    case 'socks5:':
    case 'socks:': {
      // Its type lacks an option that its documentation has.
      const { requestTls } = options
      const socksOptions: Socks5ProxyAgent.Options & { requestTls: typeof requestTls } = { requestTls }
      return new Socks5ProxyAgent(proxy, socksOptions)
    }
    default:
      // What was given may hold a password.
      throw new UsageError('--proxy is not a URL such as http://localhost:3128 or socks5://localhost:1080')
  }
}

async function readCertificates(path: string): Promise<readonly string[]> {
  const text = (await readGivenFile('--cacert', path)).toString()
  const blocks = text.match(/-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----/gs) ?? []
  try {
    if (blocks.length > 0) return blocks.map((block) => new X509Certificate(block).toString())
  } catch {
    // Whatever else such a block holds, it is no certificate.
  }
  throw new UsageError(`--cacert: ${path} holds no certificates in PEM form, or broken ones`)
}
