import { describe, expect } from 'vitest'
import { itInRuntime } from '../installed.ts'
import type { Api } from './receive-all.ts'
import { type Receiver, type ReceiverName, receivers } from './receivers.ts'
import { errorsOf, runThroughFaults, sum } from './run-through-faults.ts'

/*
 * A short version of `npm run test:chaos`, whose first line says how to repeat it. The network decides how far each stream
 * gets before a reset, so a repetition has the same faults at the same requests, but not necessarily at the same events.
 */
const seed = Math.floor(Math.random() * 1e9)
const events = 20_000

const apis: readonly Api[] = ['EventSource', 'openEventStream']

describe(`${events} events arrive through a proxy that disturbs almost every connection (--seed ${seed})`, () => {
  for (const name of Object.keys(receivers) as ReceiverName[]) {
    const receiver: Receiver = receivers[name]
    for (const api of apis) {
      itInRuntime(receiver, `Each event arrives once and in order over ${api}`, async () => {
        const replay = `npm run test:chaos -- --events ${events} --seed ${seed} --clients ${name} --apis ${api}`
        const run = await runThroughFaults({ receiver, api, events, seed, maxRunTime: 400_000 })
        console.log(`${receiver.name}, ${api}: ${sum(run.faults)} faults of ${run.faults.size} kinds: ${replay}`)
        expect(errorsOf(run), replay).toEqual([])
        // A round of faults over HTTP/2 is longer than a short run: a rare kind may be missing.
        if (receiver.isOverHttp2) expect(run.faults.size, replay).toBeGreaterThanOrEqual(15)
        else expect([...run.faults.keys()].sort(), replay).toEqual([...receiver.faultKinds].sort())
      })
    }
  }
})
