import process from 'node:process'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { streams } from '../../fixtures/streams/index.ts'
import { browserNames, launchers } from '../browsers.ts'
import { fuzz, randomStreams } from './fuzz.ts'
import { judge } from './judge.ts'
import { type Lab, startLab } from './lab.ts'
import { chunksOf } from './random-stream.ts'

// FUZZ_SEED=N repeats a run.
const seed = Number(process.env['FUZZ_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
const count = 300

/** Other tests keep the machine busy: how late a request comes says nothing here. */
const lateness = Number.POSITIVE_INFINITY

for (const browser of browserNames) {
  const isMissing = launchers[browser] === undefined
  if (isMissing) console.warn(`SKIPPED: ${browser} is missing`)

  describe.skipIf(isMissing && !process.env['CI'])(`Streams are fuzzed in ${browser}`, { timeout: 240_000 }, () => {
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
      // What is new about a browser is no fault of ours: `npm run test:fuzz` judges it.
      for (const { tokens } of native.findings) console.warn(`${browser} differs with`, chunksOf(tokens))
      expect(ours.findings).toEqual([])
      expect(ours.agreed + ours.deviated).toBe(count)
    })

    it.concurrent('Both clients interpret the streams of fixtures/streams as the standard says, or deviate in known ways', async ({
      expect,
    }) => {
      const judged = await Promise.all(
        streams.map(async ({ name, chunks }) => ({ name, verdicts: await judge(lab, chunks, lateness) })),
      )
      for (const { name, verdicts } of judged) {
        expect(verdicts.ours, name).toMatchObject({ kind: expect.stringMatching('agrees|deviates') })
        expect(verdicts.native, name).toMatchObject({ kind: expect.stringMatching('agrees|deviates') })
      }
    })
  })
}
