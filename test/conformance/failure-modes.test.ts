import process from 'node:process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Scope } from './case.ts'
import { chromiumExecutable, launchChromium } from './runners/puppeteer-browser.ts'
import { type Browser, runInBrowser } from './runners/run-browser.ts'
import { runInProcess } from './runners/run-process.ts'
import { RunResults } from './runners/run-results.ts'

interface Misbehaviour {
  suite: string
  body: string
  /** The problem that the runner must report. It expects the cases `first` and `second`. */
  problem: string
  /** The milliseconds without a report after which the run counts as hanging (default: `maxSilence`). */
  silence?: number
}

const misbehaving: readonly Misbehaviour[] = [
  { suite: 'has no cases', body: '', problem: 'the runtime was given no cases' },
  { suite: 'does not report a case', body: `given('first', async () => {})`, problem: 'never reported: second' },
  {
    suite: 'reports an unknown case',
    body: `for (const name of ['first', 'second', 'third']) given(name, async () => {})`,
    problem: 'not a case of this suite: third',
  },
  {
    suite: 'throws an error that nothing catches',
    body: `
      given('first', async () => { setTimeout(() => { throw new Error('on its own') }) })
      given('second', () => new Promise((resolve) => setTimeout(resolve, 200)))`,
    problem: 'not caught: Error: on its own',
  },
  {
    suite: 'leaves a rejection unhandled',
    body: `
      given('first', async () => { Promise.reject(new Error('on its own')) })
      given('second', () => new Promise((resolve) => setTimeout(resolve, 200)))`,
    problem: 'not caught: Error: on its own',
  },
  {
    suite: 'hangs',
    // The loop is finite: a browser would continue it until the other tests are done, and keep the machine busy.
    body: `
      given('first', async () => {})
      given('second', async () => { for (const end = Date.now() + 30_000; Date.now() < end;); })`,
    problem: 'hangs: nothing was reported',
    silence: 2_000,
  },
  {
    suite: 'throws while it loads',
    body: `throw new Error('on its own')`,
    problem: 'the suite did not reach its end',
    silence: 2_000,
  },
]

const processOnly: readonly Misbehaviour[] = [
  {
    suite: 'leaves the process before its end',
    body: `given('first', async () => {}); given('second', async () => process.exit(0))`,
    problem: 'the suite did not reach its end: the process ended',
  },
  {
    suite: 'leaves a timer running',
    body: `given('first', async () => {}); given('second', async () => { setInterval(() => {}, 1_000) })`,
    problem: 'hangs: the runtime did not finish after its last report',
    // This is long enough for a busy machine to start the process.
    silence: 15_000,
  },
]

const names = ['first', 'second']
/** The default for runs that do not hang, long enough for a busy machine to start the runtime. */
const maxSilence = 60_000
const bound = { timeout: 120_000 }

function casesModule(body: string): string {
  return `
    export const cases = []
    const given = (name, run) => cases.push({ name, source: 'everysource', run })
    ${body}`
}

describe('A run of the suite in Node detects its own failures', bound, () => {
  for (const { suite, body, problem, silence = maxSilence } of [...misbehaving, ...processOnly]) {
    it.concurrent(`The run in Node fails if the suite ${suite}`, async () => {
      const results = new RunResults(names, silence)
      const settings = { runtime: 'node20', executable: process.execPath, cases: casesModule(body) } as const
      const stop = await runInProcess(settings, results)
      await results.whenClosed()
      await stop()
      expect(results.problems().join('\n')).toContain(problem)
    })
  }

  it('A case that does not settle fails', async () => {
    const results = new RunResults(names, maxSilence)
    const cases = casesModule(`
      given('first', async () => {})
      cases.push({ name: 'second', source: 'everysource', timeout: 50, run: () => new Promise(() => {}) })`)
    const stop = await runInProcess({ runtime: 'node20', executable: process.execPath, cases }, results)
    const caseResults = await Promise.all(names.map((name) => results.result(name)))
    await stop()
    expect(caseResults).toEqual([
      { kind: 'passed', name: 'first' },
      { kind: 'failed', name: 'second', error: expect.stringContaining('not settled after 50 ms') },
    ])
  })
})

const executable = chromiumExecutable()

describe.skipIf(executable === undefined)('A run of the suite in Chromium detects its own failures', bound, () => {
  let browser: Browser

  beforeAll(async () => {
    browser = await launchChromium(executable ?? '')
  })

  afterAll(() => browser.close())

  const scopes: readonly Scope[] = ['page', 'dedicated-worker', 'shared-worker', 'service-worker']
  for (const scope of scopes) {
    for (const { suite, body, problem, silence = maxSilence } of misbehaving) {
      it.concurrent(`The run in Chromium (${scope}) fails if the suite ${suite}`, async () => {
        const results = new RunResults(names, silence)
        const run = { runtime: 'chromium', scope, cases: casesModule(body) } as const
        const stop = await runInBrowser(browser, run, results)
        await results.whenClosed()
        await stop()
        expect(results.problems().join('\n')).toContain(problem)
      })
    }
  }
})
