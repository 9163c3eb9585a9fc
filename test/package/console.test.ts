import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { expect, inject, test } from 'vitest'
import { startHttpServer } from '../http-server.ts'
import { installed } from '../installed.ts'
import { bunExecutable, denoExecutable } from '../runtimes/binaries.ts'
import { startProgram } from './program.ts'

const consumer = inject('consumer')

/** A program that logs its first error event, as in debugging. */
const program = (url: string): string => `
  import { EventSource } from 'everysource'
  const source = new EventSource('${url}')
  source.onerror = (event) => {
    console.error('SSE error', event)
    source.close()
  }`

const runtimes: readonly [string, string | undefined, readonly string[]][] = [
  ['Node', process.execPath, []],
  ['Deno', denoExecutable(), ['run', '--allow-all', '--no-lock']],
  ['Bun', bunExecutable(), ['run']],
]

test.for(runtimes)(
  'console.error shows the fields of an error event in %s',
  async ([name, executable, given], { skip }) => {
    await using server = await startHttpServer((_, response) => {
      response.writeHead(401, { 'X-Why': 'expired' }).end('no token')
    })
    const path = join(consumer, `log-an-error-in-${name}.mjs`)
    await writeFile(path, program(server.origin))
    using running = startProgram([...given, path], {
      executable: installed(name, executable, skip),
      env: { DENO_NO_UPDATE_CHECK: '1', NO_COLOR: '1' },
    })
    const { stderr } = await running.exited
    const shown = stderr.replaceAll('"', "'")
    expect(shown).toMatch(/^SSE error ErrorEvent \{\s+type: 'error',/)
    expect(shown).toContain(`message: 'HTTP 401 Unauthorized from ${server.origin}/'`)
    for (const field of [
      `reason: 'status'`,
      'status: 401',
      'code: 401',
      `body: 'no token'`,
      'attempt: 1',
      'willReconnect: false',
    ]) {
      expect(shown).toContain(field)
    }
    expect(shown).toMatch(/'?x-why'?: 'expired'/)
    expect(shown).not.toContain('undefined')
  },
)

test('The code for consoles outside browsers is not in the builds for browsers and React Native', async () => {
  const dist = join(consumer, 'node_modules/everysource/dist')
  const needed = /inspect/i
  expect(await readFile(join(dist, 'default/platform/inspection.js'), 'utf8')).toMatch(needed)
  for (const file of [
    'everysource.global.js',
    'react-native/index.cjs',
    'browser/events.js',
    'browser/platform/browser.js',
  ]) {
    expect(await readFile(join(dist, file), 'utf8'), file).not.toMatch(needed)
  }
})
