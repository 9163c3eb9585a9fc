import { join } from 'node:path'
import process from 'node:process'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { type HttpServer, startHttpServer } from '../http-server.ts'
import { run } from '../package/command.ts'
import { jestArguments } from '../package/jest-arguments.ts'
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

/** The names of environments, and what the first event or error in each is. */
const environments: readonly [string, string][] = [
  ['jsdom', '^unsupported: .*(fetch|TextDecoder)'],
  ['jest-fixed-jsdom', 'hello'],
  ['@happy-dom/jest-environment', 'hello'],
]

describe.skipIf(!isInstalled('test-runners'))('A test of an application loads every entry point', () => {
  /** The arguments of jest for a test in an environment whose page is at the feed's origin. */
  const jest = (file: string, environment: string): string[] => [
    join(packages, 'jest/bin/jest.js'),
    ...jestArguments(directory, file),
    '--transform',
    '{}',
    '--env',
    environment,
    '--testEnvironmentOptions',
    JSON.stringify({ url: `${server.origin}/` }),
  ]

  test.for(environments)(
    'A test in jest requires every entry point, in the environment %s',
    async ([name, expected]) => {
      await runTests(jest('require.jest.cjs', name), expected)
    },
  )

  test.for(environments)(
    'A test in jest imports every entry point, in the environment %s',
    async ([name, expected]) => {
      await runTests(['--experimental-vm-modules', '--no-warnings', ...jest('import.jest.mjs', name)], expected)
    },
  )

  test.for(['node', 'jsdom'])('A test in vitest imports every entry point, in the environment %s', async (name) => {
    const vitest = [join(packages, 'vitest/vitest.mjs'), 'run', '--environment', name]
    await runTests(vitest, 'hello')
  })
})
