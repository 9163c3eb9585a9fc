import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { FaultKind } from '../../fixtures/fault-proxy/plan.ts'
import { seededPlan } from '../../fixtures/fault-proxy/seeded-plan.ts'
import { numberedEvent } from '../../fixtures/numbered-events.ts'
import { seededRandom } from '../../fixtures/seeded-random.ts'
import { StateFile } from '../../src/cli/state-file.ts'
import { Failure, UsageError } from '../../src/cli/usage.ts'
import { startFaultyFeed } from '../faults/faulty-feed.ts'
import { killCommands, startCommand } from './command.ts'

let directory: string
let path: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'everysource-state-'))
  path = join(directory, 'state')
})
afterEach(async () => {
  killCommands()
  await rm(directory, { recursive: true, force: true })
})

describe('a state file', () => {
  test('is made with the first id, replaced with each further one, and read at the next start', async () => {
    const state = StateFile.open(path)
    expect(state.lastEventId).toBeUndefined()
    expect(await readdir(directory)).toEqual([])
    for (const id of ['1', 'žluťoučký 🦄', ' 2 ', '']) {
      state.store(id)
      expect(await readFile(path, 'utf8')).toBe(`${id}\n`)
      expect(StateFile.open(path).lastEventId).toBe(id)
    }
    state.close()
    expect(await readdir(directory)).toEqual(['state'])
  })

  test('is not made as long as there is no id', async () => {
    const state = StateFile.open(path)
    state.store('')
    state.close()
    expect(await readdir(directory)).toEqual([])
  })

  test('gets the id of what was not printed at the end, if not before', async () => {
    const state = StateFile.open(path)
    state.storeNowAndThen('1')
    state.storeNowAndThen('2')
    state.close()
    expect(await readFile(path, 'utf8')).toBe('2\n')
  })

  test('keeps its permissions', async () => {
    await writeFile(path, '1\n')
    await chmod(path, 0o600)
    const state = StateFile.open(path)
    state.store('2')
    state.close()
    expect((await stat(path)).mode & 0o777).toBe(0o600)
  })

  test('is opened though a process that was killed has left a file beside it', async () => {
    await writeFile(`${path}.everysource.tmp`, '1')
    const state = StateFile.open(path)
    state.store('2')
    state.close()
    expect(await readFile(path, 'utf8')).toBe('2\n')
    expect(await readdir(directory)).toEqual(['state'])
  })

  const noId = 'does not hold one line of text, the last event ID; mend it, or remove it to begin anew'
  test.for([
    ['nothing', '', noId],
    ['no line feed', '12', noId],
    ['two lines', '12\n13\n', noId],
    ['a carriage return', '12\r\n', noId],
    ['NUL', '1\0\n', noId],
    ['other bytes than UTF-8', Buffer.from([0x31, 0xff, 0x0a]), noId],
    ['more than an id can be', `${'x'.repeat(65_536)}\n`, noId],
  ] as const)('that holds %s is refused', async ([, content, complaint]) => {
    await writeFile(path, content)
    expect(() => StateFile.open(path)).toThrow(new UsageError(`--state: ${path} ${complaint}`))
    expect(await readFile(path)).toEqual(Buffer.from(content))
  })

  test('must be a file', () => {
    expect(() => StateFile.open(directory)).toThrow(new UsageError(`--state: ${directory} is not a regular file`))
    expect(() => StateFile.open('/dev/null')).toThrow(new UsageError('--state: /dev/null is not a regular file'))
  })

  test('must be in a directory that is there', () => {
    const missing = join(directory, 'missing/state')
    expect(() => StateFile.open(missing)).toThrow(/^--state: .+ cannot be written: ENOENT: /)
  })

  test('must not be a symbolic link, whose target stays as it is', async () => {
    const target = join(directory, 'target')
    await writeFile(target, 'secret\n')
    await symlink(target, path)
    const complaint = `--state: ${path} is a symbolic link, which is not followed; name the file itself`
    expect(() => StateFile.open(path)).toThrow(new UsageError(complaint))
    expect(await readFile(target, 'utf8')).toBe('secret\n')
  })

  test('is not written through a symbolic link that appears later, in its place or that of the file beside it', async () => {
    const target = join(directory, 'target')
    await writeFile(target, 'precious\n')
    const state = StateFile.open(path)
    await symlink(target, path)
    state.store('1')
    expect(await readFile(path, 'utf8')).toBe('1\n')
    await symlink(target, `${path}.everysource.tmp`)
    expect(() => state.store('2')).toThrow(Failure)
    state.close()
    expect(await readFile(path, 'utf8')).toBe('1\n')
    expect(await readFile(target, 'utf8')).toBe('precious\n')
  })

  test('that cannot be written any more is a failure', async () => {
    const lost = join(directory, 'lost')
    await mkdir(lost)
    const state = StateFile.open(join(lost, 'state'))
    await rm(lost, { recursive: true })
    expect(() => state.store('1')).toThrow(Failure)
    state.close()
  })
})

/*
 * FAULTS_SEED=N replays the faults of the feed. When a signal arrives, and where a reset overtakes a stream, is up to the
 * machine.
 */
const seed = Number(process.env['FAULTS_SEED'] ?? Math.floor(Math.random() * 1e9))

describe(`10,000 events through a feed that fails, and 20 signals (FAULTS_SEED=${seed})`, { timeout: 600_000 }, () => {
  const total = 10_000
  const signals = 20
  /** None that leaves the command without a `retry:` for a while, and none that delivers an event again. */
  const kinds: readonly FaultKind[] = [
    'end',
    'reset',
    'half-close',
    'refused',
    'truncated',
    'tear in an event',
    'tear in a character',
    'tear in a line end',
    'tear in a chunk header',
    'tear in a gzip block',
  ]
  // What a signal does is the same on every disk, and a disk that others use as well is slow.
  const memory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

  /** Runs the command until it has printed so many events in all, then ends it and starts it anew; 21 runs. */
  async function receive(
    ...sent: readonly NodeJS.Signals[]
  ): Promise<{ numbers: readonly number[]; exits: readonly unknown[] }> {
    const random = seededRandom(seed)
    const state = join(await mkdtemp(join(memory, 'everysource-state-')), 'state')
    // Paced, so that a signal that takes its time does not find all events printed, and the next run none to wait for.
    const feed = await startFaultyFeed({ plan: seededPlan(seed, 400, kinds), total, reconnectionTime: 1, pace: 2 })
    const stops = Array.from({ length: signals }, () => 1 + Math.floor(random() * (total - 1_000)))
    const numbers: number[] = []
    const exits: unknown[] = []
    try {
      const options = [
        '--state',
        state,
        '--open-timeout',
        '5',
        '--idle-timeout',
        '5',
        '--retry-status',
        '503',
        '--quiet',
      ]
      for (const [run, stop] of [...stops.toSorted((one, other) => one - other), total].entries()) {
        const command = startCommand([...options, feed.url])
        const last = numbers.at(-1) ?? 0
        // The last run may begin with an event that a kill has doubled, so that its lines are not to be counted.
        await command.printed(stop === total ? `"id":"${total}"` : Math.max(1, stop - last))
        command.kill(stop === total ? 'SIGTERM' : (sent[run % sent.length] ?? 'SIGTERM'))
        const { stdout, stderr, ...exit } = await command.result
        expect(stderr).toBe('')
        exits.push(exit.signal ?? exit.exitCode)
        // What a kill has torn has no line feed.
        for (const line of stdout.split('\n').slice(0, -1)) {
          const { event: type, id, data } = JSON.parse(line)
          expect({ type, data }).toEqual(numberedEvent(Number(id)))
          numbers.push(Number(id))
        }
      }
    } finally {
      await feed.close()
      await rm(dirname(state), { recursive: true })
    }
    return { numbers, exits }
  }

  const all = Array.from({ length: total }, (_, index) => index + 1)

  test('SIGKILL loses none, and doubles one at most', async () => {
    const { numbers, exits } = await receive('SIGKILL')
    const doubled = numbers.length - total
    console.log(`${doubled} of ${total} events doubled by ${signals} kills`)
    expect(exits).toEqual([...Array.from({ length: signals }, () => 'SIGKILL'), 0])
    expect(numbers.filter((number, index) => number !== numbers[index - 1])).toEqual(all)
    expect(doubled).toBeLessThanOrEqual(signals)
  })

  test('SIGINT and SIGTERM lose and double none', async () => {
    const { numbers, exits } = await receive('SIGINT', 'SIGTERM')
    expect(exits).toEqual(Array.from({ length: signals + 1 }, () => 0))
    expect(numbers).toEqual(all)
  })
})
