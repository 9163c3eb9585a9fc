import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { followFeed, type LineStyle } from '../../src/cli/demo/follow-feed.ts'
import { EventSource } from '../../src/index.ts'
import { startHttpServer } from '../http-server.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const command = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

/** A copy of the checkout: a build is part of the demo, and others may be reading the checkout's own `dist`. */
let checkout: string
const leftOut = new Set(['.git', 'coverage', 'dist', 'node_modules'])

beforeAll(async () => {
  checkout = await mkdtemp(join(tmpdir(), 'everysource-demo-'))
  await cp(root, checkout, { recursive: true, filter: (path) => !leftOut.has(basename(path)) })
  await symlink(join(root, 'node_modules'), join(checkout, 'node_modules'))
})

afterAll(() => rm(checkout, { recursive: true, force: true }))

/** The maximum time of a run, most of which is the build. */
const maxRunTime = { timeout: 240_000 }

let child: ChildProcess | undefined

afterEach(() => {
  // npm would not stop the demo, so the whole process group is killed if it still runs.
  if (child?.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL')
  child = undefined
})

interface Run {
  readonly lines: string[]
  readonly errorLines: string[]
  readonly exitCode: number | null
}

/** Runs a program to its end, unless `onLine` stops it. */
async function run(
  command: string,
  commandArguments: readonly string[],
  onLine?: (line: string, child: ChildProcess) => void,
): Promise<Run> {
  const started = spawn(command, commandArguments, { cwd: checkout, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  child = started
  const lines: string[] = []
  const errorLines: string[] = []
  createInterface({ input: started.stdout }).on('line', (line) => {
    lines.push(line)
    onLine?.(line, started)
  })
  createInterface({ input: started.stderr }).on('line', (line) => errorLines.push(line))
  const [exitCode] = (await once(started, 'close')) as [number | null]
  return { lines, errorLines, exitCode }
}

/** Returns the numbers of the events that were printed. */
function numbersOf(lines: readonly string[]): number[] {
  return lines.flatMap((line) => {
    const [, number] = /^ *(\d+) {2}reading (\d+): -?\d+\.\d °C$/.exec(line) ?? []
    return number === undefined ? [] : [Number(number)]
  })
}

describe('npm run demo builds and runs the demo', () => {
  it(
    'The demo shows 30 events and at least two interruptions, loses nothing, says so and exits with 0',
    maxRunTime,
    async () => {
      const { lines, exitCode } = await run('npm', ['run', 'demo', '--', '--max-events', '30'])
      expect(numbersOf(lines)).toEqual(Array.from({ length: 30 }, (_, index) => index + 1))
      const interruptions = lines.filter((line) => /^\w+: .+; reconnecting in \d+\.\d s, after event \d+$/.test(line))
      expect(interruptions.map((line) => line.split(':')[0])).toEqual(
        expect.arrayContaining(['network', 'ended', 'status', 'idle']),
      )
      expect(lines.at(-1)).toBe(
        `30 events, ${interruptions.length} interruptions; every event arrived exactly once and in order`,
      )
      expect(exitCode).toBe(0)
    },
  )

  it('The demo ends cleanly on Ctrl-C', maxRunTime, async () => {
    const { lines, exitCode } = await run('npm', ['run', 'demo'], (line, running) => {
      if (numbersOf([line])[0] === 3) running.kill('SIGINT')
    })
    // On a busy machine, npm may take its time to hand the signal on.
    expect(lines.at(-1)).toMatch(/^\d+ events, \d+ interruptions?; every event arrived exactly once and in order/)
    expect(exitCode).toBe(0)
  })
})

describe('The demo checks its arguments and its events', () => {
  const node = (...demoArguments: string[]): Promise<Run> =>
    run(process.execPath, ['--import', import.meta.resolve('tsx'), command, 'demo', ...demoArguments])

  it.each([
    [['--max-events', 'many'], 'everysource: --max-events is "many", not a whole number of at least 1'],
    [['--max-events', '0'], 'everysource: --max-events is "0", not a whole number of at least 1'],
    [['--events', '3'], 'everysource: unknown option --events; did you mean --max-events?'],
    [['30'], 'everysource: demo takes no operand, but got "30"; see everysource demo --help'],
  ])('The demo answers %j with one line and exit code 2', async (mistaken, errorLine) => {
    expect(await node(...mistaken)).toEqual({ lines: [], errorLines: [errorLine], exitCode: 2 })
  })

  it('The demo explains its options', async () => {
    const { lines, exitCode } = await node('--help')
    expect(lines.join('\n')).toContain('--max-events N')
    expect(exitCode).toBe(0)
  })

  it.each([
    ['a lost event', [1, 2, 4, 5], '4 events, 0 interruptions; 1 event lost, repeated or out of order'],
    ['an event that comes twice', [1, 2, 2, 3], '4 events, 0 interruptions; 1 event lost, repeated or out of order'],
  ])('The demo detects %s', async (_, numbers, closingLine) => {
    const body = numbers.map((number) => `id: ${number}\ndata: reading\n\n`).join('')
    const headers = { 'Content-Type': 'text/event-stream' }
    class WithFixedAnswer extends EventSource {
      constructor(url: string | URL) {
        super(url, { fetch: async () => new Response(body, { headers }) })
      }
    }
    const printed: [string, LineStyle][] = []
    const complete = await followFeed({
      EventSource: WithFixedAnswer,
      url: 'http://feed.example/',
      maxEvents: numbers.length,
      signal: new AbortController().signal,
      print: (line, look) => printed.push([line, look]),
    })
    expect(complete).toBe(false)
    expect(printed.at(-1)).toEqual([closingLine, 'failure'])
  })

  it('The demo detects that the connection closed before the end', async () => {
    const page = await startHttpServer((_, response) => response.setHeader('Content-Type', 'text/html').end())
    const printed: string[] = []
    try {
      const complete = await followFeed({
        EventSource,
        url: page.origin,
        maxEvents: 2,
        signal: new AbortController().signal,
        print: (line) => printed.push(line),
      })
      expect(complete).toBe(false)
      expect(printed.at(-1)).toBe('0 events, 1 interruption; the connection closed before the end')
    } finally {
      await page.close()
    }
  })
})
