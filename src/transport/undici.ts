import { type Duplex, Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import type { Dispatcher } from 'undici'
import { applyRules, type BodyInit, type Rule, type Settings } from '../options.ts'
import { commonAgent } from './agent.ts'
import type { DispatchOptions, Interest } from './connections.ts'
import { acceptedCodings, createDecoders, readCodings } from './content-coding.ts'
import { createFetchTransport } from './fetch.ts'
import { mendPausedEnds } from './paused-end.ts'
import { decodeByteString, follow, isRedirect, mostRedirects, type RedirectableRequest } from './redirect.ts'
import type { Transport, TransportHandler, TransportResponse } from './transport.ts'

/** A request as a dispatcher sends it: a stream can be sent once only. */
interface DispatchableRequest extends RedirectableRequest {
  body: Buffer | Readable | null
  readonly signal: AbortSignal
}

function isStream(body: unknown): boolean {
  return 'getReader' in Object(body) || Symbol.asyncIterator in Object(body)
}

/** "Extract a body" of the Fetch standard; sets the Content-Type that goes with it. */
async function extractBody(body: BodyInit | null | undefined, headers: Headers): Promise<DispatchableRequest['body']> {
  if (body == null) return null
  const extracted = new Response(body)
  const type = extracted.headers.get('content-type')
  if (type && !headers.has('content-type')) headers.set('content-type', type)
  if (isStream(body) && extracted.body) return Readable.fromWeb(extracted.body as ReadableStream)
  return Buffer.from(await extracted.arrayBuffer())
}

/** What fetch sends along, too, for a request whose cache mode is "no-store". */
const usualHeaders = {
  'accept-encoding': acceptedCodings,
  'user-agent': 'everysource',
  pragma: 'no-cache',
  'cache-control': 'no-cache',
}

/**
 * Names of headers that belong to the connection, not to the request. undici refuses some; over HTTP/2, others make it
 * throw where nobody can catch, or leave all further requests of the connection hanging.
 */
const connectionHeaders = [
  'expect',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
]

function readHeaders(given: Record<string, string | string[] | undefined>): Headers {
  const headers = new Headers()
  for (const [name, value = ''] of Object.entries(given)) {
    for (const each of [value].flat()) headers.append(name, each)
  }
  return headers
}

/**
 * Hands on what arrives, decoded, and pauses the source while the other side is behind.
 * @param finish called once all was handed on after `end`, or with an error
 */
function createSink(
  codings: readonly string[],
  bytes: TransportHandler['bytes'],
  source: Dispatcher.DispatchController,
  finish: (error?: Error) => void,
) {
  /** What was read together with a chunk that the other side has to take first. */
  const waiting: Uint8Array[] = []
  let isBehind = false
  let hasEnded = false
  /** What the chunks come from: the source, or the last decoder. */
  let from: { pause(): unknown; resume(): unknown } = source

  const deliver = (chunk: Uint8Array): void => {
    if (isBehind) {
      waiting.push(chunk)
      return
    }
    const paused = bytes(chunk)
    if (!paused) return
    isBehind = true
    // Not at once: undici would parse the rest of what was read together anew after every pause, which took a third of
    // the time in `npm run bench -- --works answer`.
    queueMicrotask(() => isBehind && from.pause())
    paused.then(goOn)
  }

  const goOn = (): void => {
    isBehind = false
    if (waiting.length) deliver(Buffer.concat(waiting.splice(0)))
    if (isBehind) return
    if (hasEnded) finish()
    else from.resume()
  }

  const end = (): void => {
    hasEnded = true
    if (!isBehind) finish()
  }

  let decoders: Duplex[] = []
  const start = (firstByte: number): Duplex | undefined => {
    decoders = createDecoders(codings, firstByte)
    from = decoders.at(-1)?.on('data', deliver).on('end', end) ?? source
    for (const decoder of decoders) decoder.on('error', finish)
    decoders[0]?.on('drain', () => source.resume())
    return decoders[0]
  }
  return {
    write(chunk: Buffer): void {
      const decoder = codings.length ? (decoders[0] ?? start(chunk[0] ?? 0)) : undefined
      if (!decoder) deliver(chunk)
      else if (!decoder.write(chunk)) source.pause()
    },
    end(): void {
      if (decoders[0]) decoders[0].end()
      else end()
    },
    destroy(): void {
      waiting.length = 0
      for (const decoder of decoders) decoder.destroy()
    },
  }
}

/**
 * Sends one request. The promise is fulfilled with a redirect, or when the body ends, and rejected when the connection
 * is lost or the signal aborted.
 */
function exchange(
  dispatcher: Dispatcher,
  request: DispatchableRequest,
  handler: TransportHandler,
): Promise<TransportResponse | undefined> {
  const { url, method, headers, body, signal } = request
  return new Promise((resolve, reject) => {
    let controller: Dispatcher.DispatchController | undefined
    let sink: ReturnType<typeof createSink> | undefined

    const interest: Interest = { isOver: false }
    const finish = (error?: Error, redirect?: TransportResponse): void => {
      interest.isOver = true
      signal.removeEventListener('abort', abort)
      sink?.destroy()
      if (error) reject(error)
      else resolve(redirect)
      // Nobody reads what may still come: the body of a redirect, or bytes after the end of what was compressed.
      controller?.abort(error ?? new Error('done'))
    }
    const abort = (): void => {
      finish(signal.reason)
      interest.onOver?.()
    }

    signal.addEventListener('abort', abort)
    if (signal.aborted) return abort()
    const options: DispatchOptions = {
      origin: url.origin,
      path: url.pathname + url.search,
      method: method as Dispatcher.HttpMethod,
      headers: { ...usualHeaders, ...Object.fromEntries(headers) },
      body,
      // Otherwise undici has it wait until no other stream is open on a connection that HTTP/2 shares.
      idempotent: true,
      interest,
    }
    dispatcher.dispatch(options, {
      onRequestStart(given) {
        controller = given
        if (signal.aborted) given.abort(signal.reason)
      },
      onResponseStart(given, status, givenHeaders) {
        // Informational responses come before the one that counts.
        if (signal.aborted || status < 200) return
        const response = { url: url.href, status, headers: readHeaders(givenHeaders) }
        if (isRedirect(status)) return finish(undefined, response)
        const isEmpty = method === 'HEAD' || status === 204 || status === 304
        const codings = isEmpty ? [] : readCodings(response.headers.get('content-encoding'))
        sink = createSink(codings, (chunk) => handler.bytes(chunk), given, finish)
        // They are views of the first packet, which would stay in memory as long as the stream.
        given.rawHeaders = null
        handler.response(response)
      },
      onResponseData(_, chunk) {
        // An empty one is the first that comes after a pause.
        if (chunk.length && !signal.aborted) sink?.write(chunk)
      },
      onResponseEnd() {
        sink?.end()
      },
      onResponseError(_, error) {
        finish(error)
      },
    })
  })
}

/**
 * Dispatchers before undici 7 know handlers of another kind, and most say so before they look at anything else: this
 * asks for no request. Others, such as those for proxies, have a property that is gone since.
 */
function takesOurHandlers(dispatcher: Dispatcher): boolean {
  let wasCalled = false
  const onResponseError = (): void => {
    wasCalled = true
  }
  try {
    dispatcher.dispatch(undefined as never, { onRequestStart() {}, onResponseError })
  } catch (error) {
    if (/invalid on\w+ method/.test(`${error}`)) return false
  }
  return wasCalled || !('interceptors' in dispatcher)
}

const rules = {
  dispatcher: [
    undefined,
    (value: Dispatcher) => typeof value?.dispatch === 'function' && takesOurHandlers(value),
    'a Dispatcher of undici 7 or newer',
  ],
} satisfies Record<string, Rule>

/**
 * A Transport straight over an undici Dispatcher: no web streams in between, and no limit on silence.
 * @throws TypeError if `dispatcher` is not a Dispatcher that can be used
 */
export function createUndiciTransport(settings: Settings): Transport {
  const { dispatcher } = applyRules(settings, rules) as { dispatcher?: Dispatcher }
  const fetchTransport = createFetchTransport(undefined)
  mendPausedEnds()
  return async (request, handler) => {
    const { url, method, signal, redirect } = request
    if (!/^https?:/.test(url)) return fetchTransport(request, handler)
    const headers = new Headers(request.headers)
    const forbidden = connectionHeaders.find((name) => headers.has(name))
    if (forbidden)
      return handler.refuse('unsupported', `header "${forbidden}" belongs to the connection, not to a request`)
    const body = await extractBody(request.body, headers)
    const current: DispatchableRequest = { url: new URL(url), method, headers, body, signal }
    current.url.hash = ''
    for (let redirects = 0; ; redirects++) {
      const kind = isStream(current.body) ? 'exclusive' : 'shared'
      const used = dispatcher ?? commonAgent(settings.unref ? 'unref' : kind, headers.get('host'))
      const response = await exchange(used, current, handler)
      if (!response) return
      const { status } = response
      const location = response.headers.get('location')
      const canFollow = redirect === 'follow' && redirects < mostRedirects
      if (!canFollow || !follow(current, status, location && decodeByteString(location))) {
        return handler.refuse('redirect', 'redirect not followed', response)
      }
      // "…request's body is non-null, and request's body's source is null, then return a network error."
      if (isStream(current.body))
        throw new TypeError(`status ${status} asks for a body again that can be sent once only`)
    }
  }
}
