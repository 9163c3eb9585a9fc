import { describe, expect } from 'vitest'
import { type ClientName, clients } from './clients.ts'
import { inRuntime } from './in-runtime.ts'
import type { Face } from './receive-all.ts'
import { complaints, runThroughFaults, sum } from './run-through-faults.ts'

/*
 * A short one of what `npm run test:chaos` does at length; its first line says how to replay it. How far each stream gets
 * before a reset overtakes it is up to the network, so that a replay has the same faults at the same requests, but not
 * each at the same event.
 */
const seed = Math.floor(Math.random() * 1e9)
const events = 20_000

const faces: readonly Face[] = ['EventSource', 'openEventStream']

describe(`${events} events arrive through a proxy that disturbs almost every connection (--seed ${seed})`, () => {
  for (const name of Object.keys(clients) as ClientName[]) {
    const client = clients[name]
    for (const face of faces) {
      inRuntime(client, `Each event arrives once and in order over ${face}`, async () => {
        const replay = `npm run test:chaos -- --events ${events} --seed ${seed} --clients ${name} --faces ${face}`
        const run = await runThroughFaults({ client, face, events, seed, longestRun: 400_000 })
        console.log(`${client.name}, ${face}: ${sum(run.faults)} faults of ${run.faults.size} kinds: ${replay}`)
        expect(complaints(run), replay).toEqual([])
        expect([...run.faults.keys()].sort(), replay).toEqual([...client.faultKinds].sort())
      })
    }
  }
})
