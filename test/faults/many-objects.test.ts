import { assert, describe, expect } from 'vitest'
import { clients } from './clients.ts'
import type { Holdings } from './holdings.ts'
import { inRuntime } from './in-runtime.ts'
import { startOneEventFeed } from './one-event-feed.ts'

const stops = [50, 1_000, 10_000] as const

/** 220 bytes for each of 9,000 objects; a listener or a controller left behind by each would be more. */
const heapGrowth = 2_000_000

/** In ms. It is half a minute where the machine has nothing else to do. */
const longestRun = 500_000

describe('10,000 objects that were opened and closed leave nothing behind', () => {
  for (const client of [clients.node, clients['node-fetch']]) {
    const test = async (): Promise<void> => {
      const feed = await startOneEventFeed()
      try {
        const output = await client.runProgram('many-objects.ts', [feed.url, ...stops.map(String)], longestRun)
        const holdings = output
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as Holdings & { readonly objects: number })
        console.log(`${client.name}: ${output}`)
        const [afterFifty, afterThousand, atEnd] = holdings
        assert(afterFifty && afterThousand && atEnd)
        expect(holdings.map(({ objects }) => objects)).toEqual(stops)

        expect(atEnd.resources).toEqual(afterFifty.resources)
        expect(atEnd.listenersOfSignal).toBe(afterFifty.listenersOfSignal)
        expect(atEnd.listenersOfProcess).toBe(afterFifty.listenersOfProcess)
        expect(feed.socketsWhenAlone).toEqual([1, 1, 1])
        expect(atEnd.heap - afterThousand.heap, 'bytes that the heap grew by').toBeLessThan(heapGrowth)
      } finally {
        await feed.close()
      }
    }
    inRuntime(client, 'The objects leave nothing behind', test, longestRun + 20_000)
  }
})
