import type { Dispatcher } from 'undici'
import { describeError } from '../../error-message.ts'
import { acceptedCodings } from '../../node/content-coding.ts'
import { readSettings } from '../../options/settings.ts'
import { buildRequest } from '../../request.ts'
import type { Endpoint } from '../request-options.ts'
import { Failure } from '../usage.ts'
import { type Examination, type PageExamination, preflighted, type Resumption } from './examination.ts'
import { type Observation, observe } from './observation.ts'
import { type RecordedRequest, type Recording, record } from './recording.ts'
import { Scanner } from './scan.ts'

export interface ExamineOptions {
  /** Milliseconds to observe a response for. */
  readonly time: number
  /** Of a page that would ask. */
  readonly origin: string | undefined
}

/** How many events that followed another are looked for when they are asked for again. */
const mostExpected = 3

/** Asks an endpoint all that the checks want to know: first once, then, for as long again at the most, what follows from it. */
export async function examine(endpoint: Endpoint, { time, origin }: ExamineOptions): Promise<Examination> {
  const { dispatcher } = endpoint.init
  const url = new URL(endpoint.url)
  const requests = new Requests(endpoint, origin)
  const request = await requests.build(acceptedCodings, endpoint.init.lastEventId ?? '')
  const { method } = request
  const options = { dispatcher, time }
  const [main, page] = await Promise.all([
    observe(request, { ...options, isSatisfied: (head, arrival) => head.status !== 200 && arrival !== undefined }),
    origin === undefined ? undefined : examineForPage(request, origin, options),
  ])
  // What another method does, it may do twice.
  const mayRepeat = method === 'GET' && main.recording.sent && (main.recording.head?.status ?? 200) === 200
  const [uncompressed, resumption] = await Promise.all([
    mayRepeat && wantsUncompressed(main)
      ? observe(await requests.build('identity', endpoint.init.lastEventId ?? ''), options)
      : undefined,
    mayRepeat ? resume(main, requests, options) : undefined,
  ])
  const { lastEventIdQueryParam, openTimeout, idleTimeout } = endpoint.init
  const given = { lastEventIdQueryParam, openTimeout, idleTimeout }
  return { url, method, time, main, uncompressed, resumption, page, ...given }
}

function wantsUncompressed({ coding, recording, stream }: Observation): boolean {
  return coding !== '' || (recording.end.kind === 'time' && stream.events.length === 0)
}

/** Builds requests as this library sends them, but for what content codings they ask for. */
class Requests {
  readonly #endpoint: Endpoint
  readonly #origin: string | undefined

  constructor(endpoint: Endpoint, origin: string | undefined) {
    this.#endpoint = endpoint
    this.#origin = origin
  }

  /** @throws Failure if a header cannot be had, say from a bearer command */
  async build(codings: string, lastEventId: string): Promise<RecordedRequest> {
    const { url, init } = this.#endpoint
    const context = { attempt: 1, failures: 0, lastEventId, previous: undefined }
    const request = await buildRequest(readSettings(url, init), context, { aborted: false }).catch((error) => {
      throw new Failure(describeError(error), { cause: error })
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
async function examineForPage(
  { url, method }: RecordedRequest,
  origin: string,
  options: { readonly dispatcher: Dispatcher; readonly time: number },
): Promise<PageExamination> {
  if (url.origin === origin) return { origin, preflights: new Map() }
  const preflights = await Promise.all(
    preflighted.map(async (name): Promise<[typeof name, Recording]> => {
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

/** Asks again with the ID of one of the last events, and waits for those that had followed it. */
async function resume(
  main: Observation,
  requests: Requests,
  options: { readonly dispatcher: Dispatcher; readonly time: number },
): Promise<Resumption | undefined> {
  const ids = main.stream.events.flatMap(({ id }) => id || [])
  const index = Math.max(0, ids.length - 1 - mostExpected)
  const lastEventId = ids[index]
  const expected = ids.slice(index + 1)
  if (lastEventId === undefined || expected.length === 0 || new Set(ids).size < ids.length) return undefined
  const scanner = new Scanner()
  const observation = await observe(await requests.build('identity', lastEventId), {
    ...options,
    isSatisfied: (head, arrival) => {
      if (arrival) scanner.push(arrival)
      return head.status !== 200 || scanner.events.filter(({ id }) => id).length >= expected.length
    },
  })
  return { lastEventId, expected, observation }
}
