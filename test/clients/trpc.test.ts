import { once } from 'node:events'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { isInstalled, load } from './groups.ts'

let server: Server | undefined
let subscription: { unsubscribe(): void } | undefined

afterEach(async () => {
  subscription?.unsubscribe()
  server?.closeAllConnections()
  await server?.[Symbol.asyncDispose]()
})

/** A tRPC server whose subscription counts to ten, and loses every connection after three numbers. */
async function startCounter(isAllowed: (authorization: string | undefined) => boolean): Promise<string> {
  const { initTRPC, tracked, TRPCError } = await load('libraries', '@trpc/server')
  const { createHTTPServer } = await load('libraries', '@trpc/server/adapters/standalone')
  const trpc = initTRPC.create({ sse: { client: { reconnectAfterInactivityMs: 60_000 } } })
  type Given = { input?: { lastEventId?: string }; ctx: { req: IncomingMessage; res: ServerResponse } }
  const router = trpc.router({
    count: trpc.procedure
      .input((input: unknown) => input)
      .subscription(async function* ({ input, ctx }: Given) {
        if (!isAllowed(ctx.req.headers.authorization)) throw new TRPCError({ code: 'UNAUTHORIZED' })
        const first = Number(input?.lastEventId ?? 0) + 1
        for (let number = first; number < Math.min(first + 3, 11); number++) yield tracked(`${number}`, number)
        if (first + 3 < 11) ctx.res.socket?.destroySoon()
        await new Promise(() => {})
      }),
  })
  const created: Server = createHTTPServer({ router, createContext: (context: object) => context })
  server = created
  created.listen(0, '127.0.0.1')
  await once(created, 'listening')
  return `http://127.0.0.1:${(created.address() as AddressInfo).port}`
}

describe.skipIf(!isInstalled('libraries'))('A subscription of tRPC works with everysource', () => {
  async function subscribe(url: string, options: object, observer: object): Promise<void> {
    const { createTRPCClient, httpSubscriptionLink } = await load('libraries', '@trpc/client')
    const { EventSource } = await load('libraries', 'everysource')
    const client = createTRPCClient({ links: [httpSubscriptionLink({ url, EventSource, ...options })] })
    subscription = client.count.subscribe(undefined, observer)
  }

  test('The subscription continues after the last event when its connection is lost, with a header that no native class sends', async () => {
    const url = await startCounter((authorization) => authorization === 'Bearer token')
    const received: unknown[] = []
    const onError = vi.fn()
    await subscribe(
      url,
      { eventSourceOptions: () => ({ headers: { Authorization: 'Bearer token' }, retry: { initialDelay: 10 } }) },
      { onData: ({ data }: { data: unknown }) => received.push(data), onError },
    )
    await expect.poll(() => received).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    expect(onError).not.toHaveBeenCalled()
  })

  test('The subscription reports what the server answered when it is refused', async () => {
    const url = await startCounter(() => false)
    const error = await new Promise((resolve, reject) => {
      subscribe(url, {}, { onData: reject, onError: resolve }).catch(reject)
    })
    expect(error).toMatchObject({ data: { code: 'UNAUTHORIZED' } })
  })
})
