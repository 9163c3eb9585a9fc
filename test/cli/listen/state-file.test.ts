import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { FaultKind } from '../../../fixtures/fault-proxy/plan.ts'
import { seededPlan } from '../../../fixtures/fault-proxy/seeded-plan.ts'
import { numberedEvent } from '../../../fixtures/numbered-events.ts'
import { seededRandom } from '../../../fixtures/seeded-random.ts'
import { OperationalError, UsageError } from '../../../src/cli/command-line/errors.ts'
import { StateFile } from '../../../src/cli/listen/state-file.ts'
import { startFaultyFeed } from '../../faults/faulty-feed.ts'
import { killCommands, startCommand } from '../command.ts'

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

describe('A state file stores the last event ID', () => {
  test('A state file is created with the first id, replaced with each further one, and read at the next start', async () => {
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

  test('A state file is not created without an id', async () => {
    const state = StateFile.open(path)
    state.store('')
    state.close()
    expect(await readdir(directory)).toEqual([])
  })

  test('The id of an event that was not printed is stored at the end', async () => {
    const state = StateFile.open(path)
    state.storeOccasionally('1')
    state.storeOccasionally('2')
    state.close()
    expect(await readFile(path, 'utf8')).toBe('2\n')
  })

  test('A state file without a line feed is read', async () => {
    await writeFile(path, '12')
    const state = StateFile.open(path)
    expect(state.lastEventId).toBe('12')
    state.store('13')
    state.close()
    expect(await readFile(path, 'utf8')).toBe('13\n')
  })

  test('A state file keeps its permissions', async () => {
    await writeFile(path, '1\n')
    await chmod(path, 0o600)
    const state = StateFile.open(path)
    state.store('2')
    state.close()
    expect((await stat(path)).mode & 0o777).toBe(0o600)
  })

  test('A temporary file that a killed process has left behind is replaced', async () => {
    await writeFile(`${path}.everysource.tmp`, '1')
    const state = StateFile.open(path)
    state.store('2')
    state.close()
    expect(await readFile(path, 'utf8')).toBe('2\n')
    expect(await readdir(directory)).toEqual(['state'])
  })

  const notAnId = 'does not hold one line of text, the last event ID; correct it, or delete it to start over'
  test.for([
    ['no content', '', notAnId],
    ['two lines', '12\n13\n', notAnId],
    ['a carriage return', '12\r\n', notAnId],
    ['NUL', '1\0\n', notAnId],
    ['other bytes than UTF-8', Buffer.from([0x31, 0xff, 0x0a]), notAnId],
    ['more than 64 KiB', `${'x'.repeat(65_536)}\n`, notAnId],
  ] as const)('A state file with %s is refused', async ([, content, message]) => {
    await writeFile(path, content)
    expect(() => StateFile.open(path)).toThrow(new UsageError(`--state: ${path} ${message}`))
    expect(await readFile(path)).toEqual(Buffer.from(content))
  })

  test('A directory or a device is refused as a state file', () => {
    expect(() => StateFile.open(directory)).toThrow(new UsageError(`--state: ${directory} is not a regular file`))
    expect(() => StateFile.open('/dev/null')).toThrow(new UsageError('--state: /dev/null is not a regular file'))
  })

  test('A state file in a missing directory is refused', () => {
    const missing = join(directory, 'missing/state')
    expect(() => StateFile.open(missing)).toThrow(/^--state: cannot write .+: ENOENT: /)
  })

  test('A symbolic link is refused as a state file, and its target is not changed', async () => {
    const target = join(directory, 'target')
    await writeFile(target, 'secret\n')
    await symlink(target, path)
    const message = `--state: ${path} is a symbolic link, which is not followed; give the path of the file`
    expect(() => StateFile.open(path)).toThrow(new UsageError(message))
    expect(await readFile(target, 'utf8')).toBe('secret\n')
  })

  test('A symbolic link that replaces the state file or its temporary file later is not followed', async () => {
    const target = join(directory, 'target')
    await writeFile(target, 'precious\n')
    const state = StateFile.open(path)
    await symlink(target, path)
    state.store('1')
    expect(await readFile(path, 'utf8')).toBe('1\n')
    await symlink(target, `${path}.everysource.tmp`)
    expect(() => state.store('2')).toThrow(OperationalError)
    state.close()
    expect(await readFile(path, 'utf8')).toBe('1\n')
    expect(await readFile(target, 'utf8')).toBe('precious\n')
  })

  test('A state file that can no longer be written is an operational error', async () => {
    const lost = join(directory, 'lost')
    await mkdir(lost)
    const state = StateFile.open(join(lost, 'state'))
    await rm(lost, { recursive: true })
    expect(() => state.store('1')).toThrow(OperationalError)
    state.close()
  })
})

/*
 * FAULTS_SEED=N repeats the faults of the feed. The times of signals and resets depend on the machine.
 */
const seed = Number(process.env['FAULTS_SEED'] ?? Math.floor(Math.random() * 1e9))

describe(`10,000 events of a failing feed survive 20 signals (FAULTS_SEED=${seed})`, { timeout: 600_000 }, () => {
  const total = 10_000
  const signals = 20
  /** The faults, without those that delay the `retry` field or repeat an event. */
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
  // The effect of a signal does not depend on the disk, and a busy disk is slow.
  const memory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

  /** Runs the command 21 times, ending it with a signal at random numbers of events and resuming each time. */
  async function receive(
    ...sent: readonly NodeJS.Signals[]
  ): Promise<{ numbers: readonly number[]; exits: readonly unknown[] }> {
    const random = seededRandom(seed)
    const state = join(await mkdtemp(join(memory, 'everysource-state-')), 'state')
    // Paced, so that a late signal does not arrive after the last event.
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
        // The last run may begin with an event that SIGKILL has repeated, so its lines are not counted.
        await command.printed(stop === total ? `"id":"${total}"` : Math.max(1, stop - last))
        command.kill(stop === total ? 'SIGTERM' : (sent[run % sent.length] ?? 'SIGTERM'))
        const { stdout, stderr, ...exit } = await command.result
        expect(stderr).toBe('')
        exits.push(exit.signal ?? exit.exitCode)
        // A line that SIGKILL has cut off has no line feed.
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

  test('SIGKILL loses no event, and repeats at most one', async () => {
    const { numbers, exits } = await receive('SIGKILL')
    const repeated = numbers.length - total
    console.log(`${repeated} of ${total} events repeated by ${signals} kills`)
    expect(exits).toEqual([...Array.from({ length: signals }, () => 'SIGKILL'), 0])
    expect(numbers.filter((number, index) => number !== numbers[index - 1])).toEqual(all)
    expect(repeated).toBeLessThanOrEqual(signals)
  })

  test('SIGINT and SIGTERM lose and repeat no event', async () => {
    const { numbers, exits } = await receive('SIGINT', 'SIGTERM')
    expect(exits).toEqual([...Array.from({ length: signals }, (_, run) => (run % 2 === 0 ? 130 : 0)), 0])
    expect(numbers).toEqual(all)
  })
})
