import { json } from 'node:stream/consumers'
import { afterEach, describe, expect, test } from 'vitest'
import { type HttpServer, startHttpServer } from '../http-server.ts'
import { openStream, type SentEvent } from './event-stream.ts'
import { isInstalled, load } from './groups.ts'

let server: HttpServer | undefined
let client: { realtime: { unsubscribe(): Promise<void> } } | undefined

afterEach(async () => {
  await client?.realtime.unsubscribe()
  await server?.close()
})

describe.skipIf(!isInstalled('libraries'))('The SDK of PocketBase works over the polyfill', () => {
  test('The SDK subscribes, receives, and subscribes again when the server has ended the stream', async () => {
    /** By the ID that the server gave each connection. */
    const streams = new Map<string, { send: (sent: SentEvent) => void; end: () => void }>()
    const subscriptions: unknown[] = []
    server = await startHttpServer(async (request, response) => {
      if (request.method === 'GET') {
        const clientId = `client-${streams.size + 1}`
        const send = openStream(response)
        streams.set(clientId, { send, end: () => response.end() })
        send({ id: clientId, event: 'PB_CONNECT', data: { clientId } })
        return
      }
      const subscription = (await json(request)) as { clientId: string }
      subscriptions.push(subscription)
      response.writeHead(204).end()
      streams.get(subscription.clientId)?.send({ event: 'posts/*', data: { action: 'create', record: subscription } })
    })

    await load('libraries', 'everysource/polyfill/force')
    const { default: PocketBase } = await load('libraries', 'pocketbase')
    const created = new PocketBase(server.origin)
    client = created
    const received: unknown[] = []
    await created.collection('posts').subscribe('*', ({ record }: { record: unknown }) => received.push(record))
    const first = { clientId: 'client-1', subscriptions: ['posts/*'] }
    await expect.poll(() => received).toEqual([first])

    streams.get('client-1')?.end()
    const second = { clientId: 'client-2', subscriptions: ['posts/*'] }
    await expect.poll(() => received).toEqual([first, second])
    expect(subscriptions).toEqual([first, second])
  })
})
