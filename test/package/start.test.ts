import { cp, mkdir, mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { expect, inject, test } from 'vitest'
import { run } from './command.ts'
import { startGreetingServer } from './greeting-server.ts'
import { runModule } from './program.ts'

const installed = join(inject('consumer'), 'node_modules/everysource')

/** What takes long to load: modules of Node, as process.moduleLoadList names them. */
const expensive = ['_http_client', 'crypto', 'http', 'http2', 'internal/deps/undici/undici', 'net', 'tls', 'zlib']

/** Code that prints which modules of Node, and which files of undici, were loaded while `load` ran. */
const reportLoaded = (load: string): string => `
  const before = new Set(process.moduleLoadList)
  ${load}
  const modules = process.moduleLoadList.filter((name) => !before.has(name)).map((name) => name.replace(/^NativeModule /, ''))
  const undici = Object.keys(createRequire(import.meta.url).cache).map((file) => file.split(/[\\\\/]undici[\\\\/]/)[1])
  console.log(JSON.stringify({ modules, undici: undici.filter(Boolean) }))`

const createRequire = `import { createRequire } from 'node:module'\n`

test.for([
  ['import', `await import('everysource')`],
  ['require', `createRequire(import.meta.url)('everysource')`],
])('The modules that only a request needs are not loaded by an %s', async ([, load]) => {
  const { modules, undici } = JSON.parse(await runModule(`${createRequire}${reportLoaded(`${load}`)}`))
  expect(modules.filter((name: string) => expensive.includes(name))).toEqual([])
  expect(undici).toEqual([])
})

test.for([
  ['A request', '{}'],
  ['A request with headers and a body', `{ method: 'POST', body: 'question', headers: { 'X-Token': 'secret' } }`],
])("%s loads nothing of undici, of Node's fetch and of HTTP/2", async ([, init]) => {
  await using server = await startGreetingServer()
  const receive = `
    const { EventSource } = await import('everysource')
    const source = new EventSource('${server.origin}/greeting', ${init})
    await new Promise((resolve) => source.addEventListener('greeting', resolve))
    source.close()`
  const { modules, undici } = JSON.parse(await runModule(`${createRequire}${reportLoaded(receive)}`))
  expect(undici).toEqual([])
  expect(modules).not.toContain('internal/deps/undici/undici')
  expect(modules).not.toContain('http2')
})

test('The command needs two files of the package to print its version and its help', async () => {
  const directory = await realpath(await mkdtemp(join(tmpdir(), 'everysource-start-')))
  try {
    for (const file of ['package.json', 'dist/node/cli/main.js', 'dist/node/cli/command-line.js']) {
      await mkdir(dirname(join(directory, file)), { recursive: true })
      await cp(join(installed, file), join(directory, file))
    }
    const command = join(directory, 'dist/node/cli/main.js')
    expect(await run(process.execPath, [command, '--version'])).toMatch(/^\d+\.\d+\.\d+\n$/)
    for (const commandLine of [['--help'], ['-h'], ['help']]) {
      expect(await run(process.execPath, [command, ...commandLine])).toMatch(/^Usage: everysource/)
    }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
})
