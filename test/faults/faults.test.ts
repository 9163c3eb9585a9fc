import process from 'node:process'
import { describe, expect, it } from 'vitest'
import { type FaultFeed, startFaultFeed } from '../../fixtures/fault-feed.ts'
import { numberedEvent } from '../../fixtures/numbered-events.ts'
import { randomFaults, seededRandom } from '../../fixtures/random-faults.ts'
import { chromiumExecutable } from '../conformance/runners/puppeteer-browser.ts'
import { bunExecutable, denoExecutable } from '../runtimes/binaries.ts'
import type { Reception } from './receive-all.ts'
import { runInChromium, runInProcess } from './run-client.ts'

/*
 * FAULTS_SEED=N replays a run. How far each stream gets before a reset overtakes it is up to the network, so that a replay
 * has the same faults at the same requests, but not each at the same event.
 */
const seed = Number(process.env['FAULTS_SEED'] ?? Math.floor(Math.random() * 1e9))
const total = 200_000
const eventsPerStream = 400

interface Client {
  readonly name: string
  readonly executable: string | undefined
  readonly run: (executable: string, feed: FaultFeed) => Promise<Reception>
}

const clients: readonly Client[] = [
  {
    name: 'Node',
    executable: process.execPath,
    run: (executable, { url }) => runInProcess(executable, [], url, total),
  },
  {
    name: 'Deno',
    executable: denoExecutable(),
    run: (executable, { url }) => runInProcess(executable, ['run', '--no-config', '-A'], url, total),
  },
  {
    name: 'Bun',
    executable: bunExecutable(),
    run: (executable, { url }) => runInProcess(executable, [], url, total),
  },
  {
    name: 'Chromium',
    executable: chromiumExecutable(),
    run: (executable, { origin, url }) => runInChromium(executable, origin, url, total),
  },
]

describe(`200,000 events through hundreds of faults (FAULTS_SEED=${seed})`, () => {
  for (const { name, executable, run } of clients) {
    it.runIf(executable !== undefined || process.env['CI'])(
      executable === undefined ? `SKIPPED in ${name}, which is not installed` : `come once each, in order, in ${name}`,
      { timeout: 220_000 },
      async () => {
        if (executable === undefined) throw new Error(`${name} is not installed`)
        const random = seededRandom(seed)
        const feed = await startFaultFeed({
          plan: randomFaults(random, eventsPerStream),
          event: numberedEvent,
          total,
          reconnectionTime: 1,
          random,
        })
        try {
          const reception = await run(executable, feed)
          const faults = [...feed.faults.values()].reduce((sum, count) => sum + count, 0)
          console.log(`${name}: ${faults} faults,`, JSON.stringify(Object.fromEntries(feed.faults)))

          expect(reception).toMatchObject({ received: total, problem: null })
          expect(faults).toBeGreaterThan(300)
          expect(feed.faults.size, 'kinds of faults').toBe(11)
          expect(Object.keys(reception.interruptions).sort()).toEqual(['ended', 'idle', 'network', 'status', 'timeout'])
        } finally {
          await feed.close()
        }
      },
    )
  }
})
