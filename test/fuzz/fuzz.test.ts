import process from 'node:process'
import { afterAll, beforeAll, it } from 'vitest'
import { streams } from '../../fixtures/streams/index.ts'
import { browserNames, launchers } from '../browsers.ts'
import { describeWith } from '../installed.ts'
import { fuzz, randomStreams } from './fuzz.ts'
import { type Lab, startLab } from './lab.ts'
import { chunksOf } from './random-stream.ts'
import { verify } from './verify.ts'

// FUZZ_SEED=N repeats a run with the same streams.
const seed = Number(process.env['FUZZ_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
const count = 300

/** Requests may be late by any time, because other tests keep the machine busy. */
const lateness = Number.POSITIVE_INFINITY

for (const browser of browserNames) {
  describeWith(browser, launchers[browser], `Streams are fuzzed in ${browser}`, { timeout: 240_000 }, () => {
    let lab: Lab
    beforeAll(async () => {
      lab = await startLab(browser)
    }, 120_000)
    afterAll(() => lab?.close())

    it.concurrent(`Our EventSource interprets ${count} random streams as the standard says (FUZZ_SEED=${seed})`, async ({
      expect,
    }) => {
      const { native, ours } = await fuzz(lab, randomStreams(seed, count), lateness)
      console.log(
        `${browser}, FUZZ_SEED=${seed}: its own EventSource did as the standard says with ${native.agreed} streams, ` +
          `otherwise in known ways with ${native.deviated}, in new ways with ${native.findings.length}`,
      )
      // A new deviation of a browser is not our error; only `npm run test:fuzz` fails because of it.
      for (const { tokens } of native.findings) console.warn(`${browser} differs with`, chunksOf(tokens))
      expect(ours.findings).toEqual([])
      expect(ours.agreed + ours.deviated).toBe(count)
    })

    it.concurrent('Both clients interpret the streams of fixtures/streams as the standard says, or deviate in known ways', async ({
      expect,
    }) => {
      const verified = await Promise.all(
        streams.map(async ({ name, chunks }) => ({ name, results: await verify(lab, chunks, lateness) })),
      )
      for (const { name, results } of verified) {
        expect(results.ours, name).toMatchObject({ kind: expect.stringMatching('agrees|deviates') })
        expect(results.native, name).toMatchObject({ kind: expect.stringMatching('agrees|deviates') })
      }
    })
  })
}
