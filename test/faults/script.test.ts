import process from 'node:process'
import { expect, it } from 'vitest'
import { ProgramRuntime } from '../bundled-program.ts'
import { startFaultyFeed } from './faulty-feed.ts'

const node = new ProgramRuntime('Node', process.execPath, [])
const entry = new URL('script.program.ts', import.meta.url)

interface ScriptRun {
  readonly ids: readonly string[]
  /** The time from close() to the end of the process. */
  readonly millisecondsToEnd: number
}

/** Runs the script with a feed that is down for a while after twenty events. */
async function runScript(last: string): Promise<ScriptRun> {
  const feed = await startFaultyFeed({
    plan: (request) => (request === 0 ? { kind: 'refused', units: 20 } : { kind: 'stall', units: 1_000 }),
    event: (number) => ({ type: 'message', data: String(number) }),
    // The script takes a second: Node ends no process before V8 has finished its compilation of fetch in the background.
    pace: 50,
    // The feed is still down at the first attempts of the script.
    reconnectionTime: 50,
    downtime: 500,
  })
  try {
    const lines = (await node.run(entry, [feed.url, last])).trim().split('\n')
    // The refusal is recorded once the script has tried to reconnect.
    expect(feed.faults.get('refused')).toBe(last === 'error' ? undefined : 1)
    const [, milliseconds] = /^ended (\d+) ms after close\(\)$/.exec(lines.pop() ?? '') ?? []
    return { ids: lines, millisecondsToEnd: Number(milliseconds) }
  } finally {
    await feed.close()
  }
}

/** Returns the fastest of up to ten runs: a leak delays all of them, and a busy machine does not. */
async function runScriptUntilFast(last: string): Promise<ScriptRun> {
  let run = await runScript(last)
  for (let repetition = 0; repetition < 9 && run.millisecondsToEnd >= 100; repetition++) run = await runScript(last)
  return run
}

const timeout = 240_000

it('A script with one onmessage outlives its server, resumes and ends within 100 ms of close()', {
  timeout,
}, async () => {
  const { ids, millisecondsToEnd } = await runScriptUntilFast('23')
  expect(ids).toEqual(Array.from({ length: 23 }, (_, index) => String(index + 1)))
  expect(millisecondsToEnd).toBeLessThan(100)
})

it('A script that closes while it waits to reconnect ends within 100 ms of close()', { timeout }, async () => {
  const { millisecondsToEnd } = await runScriptUntilFast('error')
  expect(millisecondsToEnd).toBeLessThan(100)
})
