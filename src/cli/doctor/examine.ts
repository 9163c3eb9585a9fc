import { describeError } from '../../error-message.ts'
import type { Connections } from '../../node/connections.ts'
import { acceptedCodings } from '../../node/content-coding.ts'
import { readSettings } from '../../options/settings.ts'
import { buildRequest } from '../../request.ts'
import { OperationalError } from '../command-line/errors.ts'
import type { Endpoint } from '../endpoint/endpoint.ts'
import { describeNetworkError } from '../network-errors.ts'
import { type CrossOriginExamination, type Examination, preflightedHeaders, type Resumption } from './examination.ts'
import { type Observation, observe } from './observation.ts'
import { record } from './recorder.ts'
import type { RecordedRequest, Recording } from './recording.ts'
import { StreamScanner } from './stream-scan.ts'
import { probeTls } from './tls-probe.ts'

export interface ExamineOptions {
  /** The maximum time in ms to observe a response for. */
  readonly time: number
  /** The origin of a page; undefined examines no cross-origin requests. */
  readonly origin: string | undefined
}

/** The maximum number of later events that a resumed stream is compared with. */
const maxExpected = 3

/**
 * Sends all requests that the checks need: first one, together with the preflights; then those that follow from its
 * response, which take at most as long again.
 */
export async function examine(
  endpoint: Pick<Endpoint, 'url' | 'init'>,
  { time, origin }: ExamineOptions,
): Promise<Examination> {
  const { dispatcher, lastEventIdQueryParam, openTimeout, idleTimeout } = endpoint.init
  const url = new URL(endpoint.url)
  const lastEventId = endpoint.init.lastEventId ?? ''
  const requests = new RequestBuilder(endpoint, origin)
  const request = await requests.build(acceptedCodings, lastEventId)
  const { method } = request
  const options = { dispatcher, time }
  const [main, crossOrigin] = await Promise.all([
    observe(request, { ...options, isSatisfied: (head, arrival) => head.status !== 200 && arrival !== undefined }),
    origin === undefined ? undefined : sendPreflights(request, origin, options),
  ])
  // A request with another method may have an effect, so it is not repeated.
  const mayRepeat = method === 'GET' && main.recording.sent && (main.recording.head?.status ?? 200) === 200
  const [certificate, uncompressed, resumption] = await Promise.all([
    mayUseTls(main) ? probeTls(main.request.url, time) : undefined,
    mayRepeat && needsUncompressed(main) ? observe(await requests.build('identity', lastEventId), options) : undefined,
    mayRepeat ? resume(main, requests, options) : undefined,
  ])
  const timeouts = { openTimeout, idleTimeout }
  return {
    url,
    method,
    time,
    main,
    certificate,
    uncompressed,
    resumption,
    crossOrigin,
    lastEventIdQueryParam,
    ...timeouts,
  }
}

/** Whether a request failed in a way that TLS can explain: by its certificate, or because the port expects TLS. */
function mayUseTls({ request, recording }: Observation): boolean {
  const { end, head } = recording
  if (end.kind !== 'failed' || head) return false
  return request.url.protocol === 'http:' ? recording.sent : describeNetworkError(end.error).kind === 'certificate'
}

function needsUncompressed({ coding, recording, stream }: Observation): boolean {
  return coding !== '' || (recording.end.kind === 'time' && stream.events.length === 0)
}

/** Builds requests as this library sends them, except for the content codings. */
class RequestBuilder {
  readonly #endpoint: Pick<Endpoint, 'url' | 'init'>
  /** The Origin header; undefined sends none. */
  readonly #origin: string | undefined

  constructor(endpoint: Pick<Endpoint, 'url' | 'init'>, origin: string | undefined) {
    this.#endpoint = endpoint
    this.#origin = origin
  }

  /** @throws OperationalError if a callback for a header fails, such as a bearer command */
  async build(codings: string, lastEventId: string): Promise<RecordedRequest> {
    const { url, init } = this.#endpoint
    const context = { attempt: 1, failures: 0, lastEventId, previous: undefined, signal: new AbortController().signal }
    const request = await buildRequest(readSettings(url, init), context, { aborted: false }).catch((error) => {
      // The error says which option failed, and its cause why.
      throw new OperationalError(describeError(error.cause ?? error), { cause: error })
    })
    const headers = new Headers({
      'accept-encoding': codings,
      'user-agent': 'everysource',
      'cache-control': 'no-cache',
      pragma: 'no-cache',
    })
    if (this.#origin !== undefined) headers.set('origin', this.#origin)
    for (const [name, value] of request.headers) headers.set(name, value)
    const body = request.body == null ? null : new Uint8Array(await new Response(request.body).arrayBuffer())
    return { url: new URL(request.url), method: request.method, headers, body }
  }
}

/** Sends the preflights that a browser would send before the requests of a page. */
async function sendPreflights(
  { url, method }: RecordedRequest,
  origin: string,
  options: { readonly dispatcher: Connections; readonly time: number },
): Promise<CrossOriginExamination> {
  if (url.origin === origin) return { origin, preflights: new Map() }
  const preflights = await Promise.all(
    preflightedHeaders.map(async (name): Promise<[typeof name, Recording]> => {
      const headers = new Headers({
        accept: '*/*',
        'access-control-request-method': method,
        'access-control-request-headers': name.toLowerCase(),
        origin,
      })
      const preflight = { url, method: 'OPTIONS', headers, body: null }
      return [name, await record(preflight, { ...options, isSatisfied: () => true })]
    }),
  )
  return { origin, preflights: new Map(preflights) }
}

/** Requests the stream again with the ID of one of the last events, and waits for the events that had followed it. */
async function resume(
  main: Observation,
  requests: RequestBuilder,
  options: { readonly dispatcher: Connections; readonly time: number },
): Promise<Resumption | undefined> {
  const ids = main.stream.events.flatMap(({ id }) => id || [])
  const index = Math.max(0, ids.length - 1 - maxExpected)
  const lastEventId = ids[index]
  const expected = ids.slice(index + 1)
  if (lastEventId === undefined || expected.length === 0 || new Set(ids).size < ids.length) return undefined
  const scanner = new StreamScanner()
  const observation = await observe(await requests.build('identity', lastEventId), {
    ...options,
    isSatisfied: (head, arrival) => {
      if (arrival) scanner.push(arrival)
      return head.status !== 200 || scanner.events.filter(({ id }) => id).length >= expected.length
    },
  })
  return { lastEventId, expected, observation }
}
