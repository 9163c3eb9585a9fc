import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect } from 'vitest'
import type { FaultPlan } from '../../fixtures/fault-proxy/plan.ts'
import { type ProgramRuntime, programRuntimes } from '../bundled-program.ts'
import { itInRuntime } from '../installed.ts'
import { expectSameResources } from './expect-same-resources.ts'
import { startFaultyFeed } from './faulty-feed.ts'

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

/** The maximum time of a run in ms; it takes half a minute on an idle machine. */
const maxRunTime = 500_000

async function testResources(runtime: ProgramRuntime): Promise<void> {
  const openSockets: number[] = []
  /** Counts the open sockets once those that are about to close have closed. */
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
    const entry = new URL('many-reconnections.program.ts', import.meta.url)
    const output = await runtime.run(entry, [feed.url, ...stops.map(String)], maxRunTime)
    console.log(`${runtime.name}: ${output}`)
    expectSameResources(output, stops, heapGrowth)
    expect(openSockets).toEqual([1, 1, 1])
  } finally {
    await feed.close()
  }
}

describe('10,000 reconnections of one object leave nothing behind', () => {
  for (const runtime of [programRuntimes.node, programRuntimes['node-fetch']]) {
    const sentence = 'An object uses the same resources after 10,000 reconnections as after ten'
    itInRuntime(runtime, sentence, () => testResources(runtime), maxRunTime + 20_000)
  }
})
