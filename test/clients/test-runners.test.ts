import { join } from 'node:path'
import process from 'node:process'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { type HttpServer, startHttpServer } from '../http-server.ts'
import { run } from '../package/command.ts'
import { openStream } from './event-stream.ts'
import { directoryOf, isInstalled } from './groups.ts'

const directory = directoryOf('test-runners')
const packages = join(directory, 'node_modules')

let server: HttpServer

beforeAll(async () => {
  server = await startHttpServer((_, response) => openStream(response)({ data: 'hello' }))
})
afterAll(() => server.close())

/** Runs a test runner, which fails if one of its tests does, for a page at the feed's origin. */
async function runTests(args: readonly string[], expected: string): Promise<void> {
  const { VITEST, VITEST_POOL_ID, VITEST_WORKER_ID, NODE_OPTIONS, NODE_ENV, ...env } = process.env
  await run(process.execPath, args, { cwd: directory, env: { ...env, ORIGIN: server.origin, EXPECTED: expected } })
}

/** By the environment's name, what the first news in it is. */
const environments: readonly [string, string][] = [
  ['jsdom', '^unsupported: .*(fetch|TextDecoder)'],
  ['jest-fixed-jsdom', 'hello'],
  ['@happy-dom/jest-environment', 'hello'],
]

describe.skipIf(!isInstalled('test-runners'))('a test of an application', () => {
  const flags = ['--rootDir', directory, '--cacheDirectory', join(packages, '.jest-cache'), '--no-watchman', '--ci']

  test.for(environments)('requires and runs every entry point in jest with %s', async ([name, expected]) => {
    const page = ['--env', name, '--testEnvironmentOptions', JSON.stringify({ url: `${server.origin}/` })]
    const jest = [
      join(packages, 'jest/bin/jest.js'),
      ...flags,
      '--transform',
      '{}',
      '--testMatch',
      '**/require.jest.cjs',
    ]
    await runTests([...jest, ...page], expected)
  })

  test.for(environments)('imports and runs every entry point in jest with %s', async ([name, expected]) => {
    const page = ['--env', name, '--testEnvironmentOptions', JSON.stringify({ url: `${server.origin}/` })]
    const jest = [
      join(packages, 'jest/bin/jest.js'),
      ...flags,
      '--transform',
      '{}',
      '--testMatch',
      '**/import.jest.mjs',
    ]
    await runTests(['--experimental-vm-modules', '--no-warnings', ...jest, ...page], expected)
  })

  test.for(['node', 'jsdom'])('imports and runs every entry point in vitest with %s', async (name) => {
    const vitest = [join(packages, 'vitest/vitest.mjs'), 'run', '--environment', name]
    await runTests(vitest, 'hello')
  })
})
