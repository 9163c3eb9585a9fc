import { describe, expect } from 'vitest'
import { programRuntimes } from '../bundled-program.ts'
import { itInRuntime } from '../installed.ts'
import { expectSameResources } from './expect-same-resources.ts'
import { startOneEventFeed } from './one-event-feed.ts'

const stops = [50, 1_000, 10_000] as const

/** 220 bytes for each of 9,000 objects; a listener or a controller left behind by each would be more. */
const heapGrowth = 2_000_000

/** The maximum time of a run in ms; it takes half a minute on an idle machine. */
const maxRunTime = 500_000

describe('10,000 objects that were opened and closed leave nothing behind', () => {
  for (const runtime of [programRuntimes.node, programRuntimes['node-fetch']]) {
    const test = async (): Promise<void> => {
      const feed = await startOneEventFeed()
      try {
        const entry = new URL('many-objects.program.ts', import.meta.url)
        const output = await runtime.run(entry, [feed.url, ...stops.map(String)], maxRunTime)
        console.log(`${runtime.name}: ${output}`)
        expectSameResources(output, stops, heapGrowth)
        expect(feed.socketsWhenAlone).toEqual([1, 1, 1])
      } finally {
        await feed.close()
      }
    }
    itInRuntime(runtime, 'The objects leave nothing behind', test, maxRunTime + 20_000)
  }
})
