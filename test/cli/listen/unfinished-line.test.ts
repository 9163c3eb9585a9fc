import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { chooseRepair } from '../../../src/cli/listen/unfinished-line.ts'
import { type HttpServer, startHttpServer } from '../../http-server.ts'
import { killCommands, runScript } from '../command.ts'

const whole = '{"event":"message","id":"1","data":"one"}'

describe('The last line of a file may lack its line feed', () => {
  test.for([
    ['{"event":"mess', 'remove the line', 'remove the line'],
    ['{"ti', 'remove the line', 'remove the line'],
    [whole, 'end the line', 'remove the line'],
    ['{"name":"of another program', 'end the line', 'end the line'],
    ['text', 'end the line', 'end the line'],
  ] as const)('The line %j is handled by what it is: %s, or with --state: %s', ([line, alone, resumed]) => {
    expect(chooseRepair(line, { format: 'jsonl', isResumed: false })).toBe(alone)
    expect(chooseRepair(line, { format: 'jsonl', isResumed: true })).toBe(resumed)
  })

  test('A line is ended if other formats are appended to it, and left alone if bytes are', () => {
    for (const format of ['data', 'json', 'pretty'] as const) {
      expect(chooseRepair('{"event":"mess', { format, isResumed: true })).toBe('end the line')
    }
    expect(chooseRepair('data: incompl', { format: 'raw', isResumed: false })).toBe('leave')
  })
})

describe('A file that ends in the middle of a line is repaired', () => {
  const total = 100
  let directory: string
  let path: string
  let server: HttpServer

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'everysource-line-'))
    path = join(directory, 'events')
    server = await startHttpServer(({ headers }, response) => {
      const last = Number(headers['last-event-id'] ?? 0)
      const numbers = Array.from({ length: total - last }, (_, index) => last + index + 1)
      if (numbers.length === 0) response.writeHead(204).end()
      else
        response
          .writeHead(200, { 'Content-Type': 'text/event-stream' })
          .end(`retry: 1\n\n${numbers.map((number) => `id: ${number}\ndata: ${number}\n\n`).join('')}`)
    })
  })
  afterEach(async () => {
    killCommands()
    await server.close()
    await rm(directory, { recursive: true, force: true })
  })

  const all = Array.from({ length: total }, (_, index) => `${index + 1}`)

  async function readLines(): Promise<string[]> {
    const text = await readFile(path, 'utf8')
    expect(text.at(-1)).toBe('\n')
    return text.trimEnd().split('\n')
  }

  const outputs = {
    'the option -o': '-o "$1/events"',
    // Only Linux lets a program read the file that a shell has opened for writing.
    ...(process.platform === 'linux' && { 'a redirection': '>>"$1/events"' }),
  }

  test.for(Object.entries(outputs))(
    'After a full disk, the next run loses and repeats no event, and leaves no part of one, with %s',
    async ([, output]) => {
      const run = `everysource --quiet --state "$1/state" "$2" ${output}`
      const script = `(ulimit -f 2; ${run}; echo "$?"); wc -l <"$1/events"; ${run}; echo "$?"`
      const { stdout, stderr } = await runScript(script, [directory, server.origin])
      expect(stdout).toMatch(/^1\n[1-9]\d\n0\n$/)
      expect(stderr).toMatch(/^everysource: [^\n]*: EFBIG: [^\n]+\n$/)
      expect((await readLines()).map((line) => JSON.parse(line).id)).toEqual(all)
    },
  )

  test('A text of which the disk took only a part is removed, in every format of events', async () => {
    for (const format of ['data', 'json', 'pretty']) {
      await rm(path, { force: true })
      const script = 'ulimit -f 1; everysource --quiet --format "$3" -o "$1/events" "$2"; echo "$?"'
      const long = await startHttpServer((_, response) => {
        const block = `data: ${'7'.repeat(200)}\n\n`
        response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write(block.repeat(10))
      })
      expect(await runScript(script, [directory, long.origin, format])).toMatchObject({ stdout: '1\n' })
      await long.close()
      const lines = await readLines()
      expect(lines.length).toBeGreaterThan(1)
      for (const line of lines) expect(line).toMatch(/7{200}$/)
    }
  })

  test.for(Object.entries(outputs))(
    'A line that a kill has cut off is removed, and the line of another program is ended, with %s',
    async ([, output]) => {
      const script = `everysource --max-events 1 "$2" ${output}`
      for (const [before, after] of [
        [`${whole}\n{"event":"message","id":"1","da`, [whole]],
        [`${'x'.repeat(70_000)}\n{"event":"message","id":"1","data":"${'y'.repeat(200_000)}`, ['x'.repeat(70_000)]],
        [whole, [whole]],
        ['note', ['note']],
        ['', []],
      ] as const) {
        await writeFile(path, before)
        expect(await runScript(script, [directory, server.origin])).toMatchObject({ stderr: '', exitCode: 0 })
        expect(await readLines()).toEqual([...after, '{"event":"message","id":"1","data":"1"}'])
      }
    },
  )

  test.runIf(process.platform === 'linux')(
    'A redirection that does not append gets a line feed, and no gap',
    async () => {
      const script = `{ printf '{"event":"mess'; everysource --max-events 1 "$2"; } >"$1/events"`
      expect(await runScript(script, [directory, server.origin])).toMatchObject({ stderr: '', exitCode: 0 })
      expect(await readLines()).toEqual(['{"event":"mess', '{"event":"message","id":"1","data":"1"}'])
    },
  )
})
