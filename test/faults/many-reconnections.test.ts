import { setTimeout as pause } from 'node:timers/promises'
import { assert, describe, expect } from 'vitest'
import type { FaultPlan } from '../../fixtures/fault-proxy/plan.ts'
import { clients, type ProgramClient } from './clients.ts'
import { startFaultyFeed } from './faulty-feed.ts'
import type { Holdings } from './holdings.ts'
import { inRuntime } from './in-runtime.ts'

const end: FaultPlan = { kind: 'end', events: 2 }
const plans: readonly FaultPlan[] = [
  end,
  { kind: 'tear in an event', units: 2 },
  end,
  end,
  { kind: 'tear in a chunk header', units: 2 },
]
const stops = [10, 1_000, 10_000] as const

/** 500 bytes for each of 9,000 reconnections; a listener or a controller left behind by each would be more. */
const heapGrowth = 4_500_000

/** In ms. It is half a minute where the machine has nothing else to do. */
const longestRun = 500_000

async function holdsTheSame(client: ProgramClient): Promise<void> {
  const openSockets: number[] = []
  /** How many are open once those that are about to close have closed. */
  const countSockets = async (): Promise<void> => {
    for (let polls = 0; polls < 100 && feed.openSockets !== 1; polls++) await pause(10)
    openSockets.push(feed.openSockets)
  }
  const feed = await startFaultyFeed({
    plan: (request) => {
      if (!stops.some((stop) => stop === request)) return plans[request % plans.length] ?? end
      void countSockets()
      return { kind: 'stall', units: 2 }
    },
    reconnectionTime: 0,
  })
  try {
    const output = await client.runProgram('many-reconnections.ts', [feed.url, ...stops.map(String)], longestRun)
    const [afterTen, afterThousand, atEnd] = output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Holdings & { readonly reconnections: number })
    console.log(`${client.name}: ${output}`)
    assert(afterTen && afterThousand && atEnd)
    expect([afterTen, afterThousand, atEnd].map(({ reconnections }) => reconnections)).toEqual(stops)

    expect(atEnd.resources).toEqual(afterTen.resources)
    expect(atEnd.listenersOfSignal).toBe(afterTen.listenersOfSignal)
    expect(atEnd.listenersOfProcess).toBe(afterTen.listenersOfProcess)
    expect(openSockets).toEqual([1, 1, 1])
    expect(atEnd.heap - afterThousand.heap, 'bytes that the heap grew by').toBeLessThan(heapGrowth)
  } finally {
    await feed.close()
  }
}

describe('10,000 reconnections of one object leave nothing behind', () => {
  for (const client of [clients.node, clients['node-fetch']]) {
    const test = () => holdsTheSame(client)
    inRuntime(client, 'An object is as large after 10,000 reconnections as after ten', test, longestRun + 20_000)
  }
})
