import { afterEach, describe, expect, it, vi } from 'vitest'
import type { FetchLike } from '../../src/options/event-source-init.ts'
import { createFetchTransport as createTransport, sendUnchanged } from '../../src/transport/fetch.ts'
import { exchange } from './exchange.ts'
import { createRequest, record, textOf } from './record.ts'

const createFetchTransport = (given: Parameters<typeof createTransport>[0]) => createTransport(given, sendUnchanged)

const url = 'http://feed.example/'
afterEach(() => {
  vi.unstubAllGlobals()
})

/** Creates a response as only other implementations of `fetch` do. */
function handMade(members: object): Response {
  return { url: '', status: 200, type: 'default', headers: new Headers(), ...members } as Response
}

describe('The request has the options of an EventSource', () => {
  async function initOf(given: Parameters<typeof createRequest>[1]): Promise<unknown[]> {
    const calls: unknown[][] = []
    const fetch: FetchLike = async (...given) => {
      calls.push(given)
      return new Response('')
    }
    await record(createFetchTransport(fetch), createRequest(url, given))
    expect(calls).toHaveLength(1)
    return calls[0] ?? []
  }

  it('The request is what the standard defines for an EventSource', async () => {
    const headers = new Headers({ a: '1' })
    const [address, init] = await initOf({ headers })
    expect(address).toBe(url)
    expect(init).toMatchObject({
      method: 'GET',
      cache: 'no-store',
      credentials: 'same-origin',
      redirect: 'follow',
    })
    expect((init as RequestInit).body ?? undefined).toBeUndefined()
    expect((init as RequestInit).signal?.aborted).toBe(false)
    // The headers are a plain object, so that a given fetch function can spread them and add its own.
    expect((init as RequestInit).headers).toStrictEqual({ A: '1' })
  })

  it('The request has the given method and the given body, which can be a stream', async () => {
    const body = new Blob(['a']).stream()
    const [, init] = await initOf({ method: 'POST', body: body as unknown as string })
    expect(init).toMatchObject({ method: 'POST', body, duplex: 'half' })
  })

  it('The request includes credentials if they are wanted', async () => {
    expect((await initOf({ withCredentials: true }))[1]).toMatchObject({ credentials: 'include' })
  })

  it.each(['follow', 'error'] as const)('A given fetch receives the redirect mode %s', async (redirect) => {
    expect((await initOf({ redirect }))[1]).toMatchObject({ redirect })
  })

  it('The global fetch may not report a redirect as an error, which would look like a lost connection', async () => {
    const global = vi.fn<FetchLike>(async () => new Response(''))
    vi.stubGlobal('fetch', global)
    await record(createFetchTransport(undefined), createRequest(url, { redirect: 'error' }))
    expect(global.mock.calls).toEqual([[url, expect.objectContaining({ redirect: 'manual' })]])
  })
})

describe('The transport calls a fetch function', () => {
  it('The global fetch at the time of the request is called unless a function is given', async () => {
    const answer = (text: string) => async (): Promise<Response> => new Response(text)
    const transport = createFetchTransport(undefined)
    vi.stubGlobal('fetch', answer('first'))
    expect(textOf(await record(transport, createRequest(url)))).toBe('first')
    vi.stubGlobal('fetch', answer('second'))
    expect(textOf(await record(transport, createRequest(url)))).toBe('second')
    expect(textOf(await record(createFetchTransport(answer('given')), createRequest(url)))).toBe('given')
    expect(textOf(await record(createFetchTransport(null), createRequest(url)))).toBe('second')
  })

  it('A missing fetch is refused with a message that says what to pass', async () => {
    vi.stubGlobal('fetch', undefined)
    const { refusal, response } = await record(createFetchTransport(undefined), createRequest(url))
    expect(refusal).toMatchObject({ reason: 'unsupported', message: expect.stringContaining('"fetch"') })
    expect(response).toBeUndefined()
  })

  it('A fetch that fails in any way loses the connection', async () => {
    const error = new Error('no network')
    const failures: FetchLike[] = [
      () => Promise.reject(error),
      () => {
        throw error
      },
    ]
    for (const fetch of failures) {
      await expect(record(createFetchTransport(fetch), createRequest(url))).rejects.toBe(error)
    }
  })
})

describe('The transport reports the response', () => {
  const respond = (response: Response): ReturnType<typeof record> =>
    record(
      createFetchTransport(async () => response),
      createRequest(url),
    )

  it('The response is reported with its status, its headers and its URL', async () => {
    const headers = new Headers({ 'Content-Type': 'text/event-stream' })
    const { response } = await respond(handMade({ url: 'http://other.example/', status: 503, headers, body: null }))
    expect(response).toMatchObject({ url: 'http://other.example/', status: 503, headers })
    expect([response?.header('content-type'), response?.header('retry-after')]).toEqual(['text/event-stream', null])
  })

  it('The response has the URL of the request if it has none of its own', async () => {
    expect((await respond(new Response('a'))).response?.url).toBe(url)
  })

  it('The response can have no body', async () => {
    const { response, chunks, refusal } = await respond(new Response(null, { status: 204 }))
    expect(response?.status).toBe(204)
    expect(chunks).toEqual([])
    expect(refusal).toBeUndefined()
  })

  it.each([
    ['none, as in React Native', handMade({})],
    ['a Node stream, as in node-fetch', handMade({ body: { on() {}, pipe() {} } })],
  ])('A response whose body cannot be read is refused with a message that says what to pass: %s', async (_, given) => {
    const { response, refusal } = await respond(given)
    expect(response?.status).toBe(200)
    expect(refusal).toMatchObject({ reason: 'unsupported', message: expect.stringContaining('"fetch"') })
  })

  it.each([301, 302, 303, 307, 308])('A redirect with status %d that is not followed is refused', async (status) => {
    const headers = { Location: 'http://other.example/' }
    const { response, refusal } = await respond(new Response(null, { status, headers }))
    expect(response).toBeUndefined()
    expect(refusal).toMatchObject({ reason: 'redirect', response: { status } })
    expect(refusal?.response?.headers.get('Location')).toBe('http://other.example/')
  })

  it('A redirect that a browser hides is refused as a redirect', async () => {
    const { response, refusal } = await respond(handMade({ type: 'opaqueredirect', status: 0, body: null }))
    expect(response).toBeUndefined()
    expect(refusal).toMatchObject({ reason: 'redirect' })
  })

  it.each([300, 304, 305, 306, 399])('A response with status %d is reported like any other', async (status) => {
    const { response, refusal } = await respond(new Response(null, { status }))
    expect(response?.status).toBe(status)
    expect(refusal).toBeUndefined()
  })
})

describe('An aborted request reports nothing more', () => {
  /** Creates a `fetch` function that ignores the signal, and reports whether its body was canceled. */
  function createHeedless(): { fetch: FetchLike; cancelled: () => boolean } {
    let isCancelled = false
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(1)),
      cancel() {
        isCancelled = true
      },
    })
    return { fetch: async () => new Response(body), cancelled: () => isCancelled }
  }

  it.each(['the response', 'a chunk', 'a pause'])(
    'An abort after %s reports nothing more and cancels the body, even if fetch ignores the signal',
    async (moment) => {
      const { fetch, cancelled } = createHeedless()
      const controller = new AbortController()
      let chunks = 0
      await exchange(createFetchTransport(fetch), createRequest(url, { signal: controller.signal }), {
        response() {
          if (moment === 'the response') controller.abort()
        },
        bytes() {
          chunks++
          if (moment === 'a chunk') controller.abort()
          if (moment !== 'a pause') return
          return Promise.resolve().then(() => controller.abort())
        },
        refuse: () => {},
      })
      expect(chunks).toBe(moment === 'the response' ? 0 : 1)
      expect(cancelled()).toBe(true)
    },
  )

  it('An abort cancels a silent body, even if fetch ignores the signal', async () => {
    const controller = new AbortController()
    const cancelled = new Promise<void>((resolve) => {
      const body = new ReadableStream({ pull: () => controller.abort(), cancel: () => resolve() }, { highWaterMark: 0 })
      const transport = createFetchTransport(async () => new Response(body))
      void record(transport, createRequest(url, { signal: controller.signal }))
    })
    await cancelled
  })
})
