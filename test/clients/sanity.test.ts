import { afterEach, describe, expect, test, vi } from 'vitest'
import { type HttpServer, startHttpServer } from '../http-server.ts'
import { numberedFeed } from './event-stream.ts'
import { load, variants } from './groups.ts'

let server: HttpServer | undefined
let subscription: { unsubscribe(): void } | undefined

afterEach(async () => {
  subscription?.unsubscribe()
  await server?.close()
})

describe.for(variants)('The client of Sanity works with everysource (%s)', (group) => {
  async function listen(version: number, origin: string, observer: object): Promise<void> {
    const { createClient } = await load(group, `sanity-${version}`)
    const client = createClient({
      apiHost: origin,
      useProjectHostname: false,
      projectId: 'project',
      dataset: 'production',
      apiVersion: '2025-01-01',
      useCdn: false,
      // With a token, every version takes the package and not a global EventSource.
      token: 'token',
      ignoreBrowserTokenWarning: true,
    })
    subscription = client.listen('*', {}, { events: ['welcome', 'mutation', 'reconnect'] }).subscribe(observer)
  }

  test.for([7, 8])(
    'Version %d loses none of 100 events when every third is followed by a clean end',
    async (version) => {
      const welcome = { event: 'welcome', data: { listenerName: 'listener' } }
      server = await startHttpServer(
        numberedFeed(100, 3, (number) => ({ event: 'mutation', data: { number } }), welcome),
      )
      const received: unknown[] = []
      const error = vi.fn()
      const next = ({ type, number }: { type: string; number: number }): void => {
        if (type === 'mutation') received.push(number)
      }
      await listen(version, server.origin, { next, error })
      await expect.poll(() => received.at(-1)).toBe(100)
      expect(received).toEqual(Array.from({ length: 100 }, (_, index) => index + 1))
      expect(error).not.toHaveBeenCalled()
    },
  )

  test.for([7, 8])('Version %d reports a refused request, and does not repeat it', async (version) => {
    const requests = vi.fn()
    server = await startHttpServer((request, response) => {
      requests(request.headers.authorization)
      response.writeHead(401).end()
    })
    const { origin } = server
    const error = await new Promise((resolve, reject) => {
      const next = ({ type }: { type: string }): void => reject(new Error(`${type} instead of an error`))
      listen(version, origin, { next, error: resolve }).catch(reject)
    })
    expect(error).toMatchObject({ name: 'ConnectionFailedError', status: 401 })
    expect(requests.mock.calls).toEqual([['Bearer token']])
  })
})
