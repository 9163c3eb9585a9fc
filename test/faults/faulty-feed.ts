import { type FaultProxy, type FaultProxyOptions, startFaultProxy } from '../../fixtures/fault-proxy.ts'
import { type NumberedFeedOptions, numberedFeed } from '../../fixtures/numbered-feed.ts'
import { startHttpServer } from '../http-server.ts'

/** Starts a feed of numbered events behind a fault proxy, whose URL clients use. */
export async function startFaultyFeed(
  options: NumberedFeedOptions & Omit<FaultProxyOptions, 'target'>,
): Promise<FaultProxy> {
  const feed = await startHttpServer(numberedFeed(options))
  const proxy = await startFaultProxy({ ...options, target: feed.origin })
  const close = proxy.close.bind(proxy)
  return Object.assign(proxy, {
    close: async () => {
      await close()
      await feed.close()
    },
  })
}
