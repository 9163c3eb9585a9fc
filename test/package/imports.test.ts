import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, expect, inject, test } from 'vitest'
import { run } from './command.ts'
import { startGreetingServer } from './greeting-server.ts'
import { jestArguments } from './jest-arguments.ts'

const consumer = inject('consumer')
const greeting = { data: 'hello', lastEventId: '7', names: ['EventSource', 'ErrorEvent'] }

/** Runs a script in the consumer's project, and returns its output parsed as JSON. */
const evaluate = async (kind: 'module' | 'commonjs', script: string): Promise<unknown> =>
  JSON.parse(await run(process.execPath, [`--input-type=${kind}`, '--eval', script], { cwd: consumer }))

beforeAll(() => cp(join(import.meta.dirname, 'consumers'), consumer, { recursive: true }))

test('An ECMAScript module imports the package and receives an event', async () => {
  await using server = await startGreetingServer()
  const printed = await run(process.execPath, ['module.mjs', `${server.origin}/greeting`], { cwd: consumer })
  expect(JSON.parse(printed)).toEqual(greeting)
})

test('A CommonJS script requires the package and receives an event', async () => {
  await using server = await startGreetingServer()
  const printed = await run(process.execPath, ['common-js.cjs', `${server.origin}/greeting`], { cwd: consumer })
  expect(JSON.parse(printed)).toEqual(greeting)
})

test("A test in Jest's CommonJS requires the package and receives an event", async () => {
  await using server = await startGreetingServer()
  const jest = fileURLToPath(import.meta.resolve('jest/bin/jest'))
  await run(process.execPath, [jest, ...jestArguments(consumer, 'jest.test.cjs')], {
    cwd: consumer,
    env: { ...process.env, GREETING: `${server.origin}/greeting` },
  })
})

test.for(['module', 'commonjs'] as const)('SharedEventSource extends the class of everysource (%s)', async (kind) => {
  const load = { module: 'await import', commonjs: 'require' }[kind]
  const script = `const { EventSource } = ${load}('everysource'); const { SharedEventSource } = ${load}('everysource/shared')
    console.log(JSON.stringify([SharedEventSource.name, Object.getPrototypeOf(SharedEventSource) === EventSource]))`
  expect(await evaluate(kind, script)).toEqual(['SharedEventSource', true])
})

test('everysource/package.json contains the version', async () => {
  const script = `console.log(JSON.stringify(require('everysource/package.json').version))`
  expect(await evaluate('commonjs', script)).toMatch(/^\d+\.\d+\.\d+/)
})

// Node currently hides its own EventSource behind a flag, so each script defines what was there before.
const outcome = `console.log(JSON.stringify({
  native: globalThis.EventSource === Native,
  ours: globalThis.EventSource === EventSource,
  enumerable: Object.keys(globalThis).includes('EventSource'),
}))`
const load = {
  module: (name: string) => `await import('${name}'); const { EventSource } = await import('everysource');`,
  commonjs: (name: string) => `require('${name}'); const { EventSource } = require('everysource');`,
} as const
const native = 'class Native {}; globalThis.EventSource = Native; '
const missing = 'class Native {}; delete globalThis.EventSource; '

test.for(['module', 'commonjs'] as const)('everysource/polyfill does not replace an EventSource (%s)', async (kind) => {
  const script = `${native}${load[kind]('everysource/polyfill')}${outcome}`
  expect(await evaluate(kind, script)).toMatchObject({ native: true, ours: false })
})

test.for(['module', 'commonjs'] as const)('everysource/polyfill defines a missing EventSource (%s)', async (kind) => {
  const script = `${missing}${load[kind]('everysource/polyfill')}${outcome}`
  expect(await evaluate(kind, script)).toEqual({ native: false, ours: true, enumerable: false })
})

test.for(['module', 'commonjs'] as const)('everysource/polyfill/force replaces an EventSource (%s)', async (kind) => {
  const script = `${native}${load[kind]('everysource/polyfill/force')}${outcome}`
  expect(await evaluate(kind, script)).toMatchObject({ native: false, ours: true })
})

test('The class is the same whether it is imported or required, and so are the polyfills', async () => {
  const script = `
    import { createRequire } from 'node:module'
    const require = createRequire(import.meta.url)
    const { EventSource } = await import('everysource')
    const required = require('everysource').EventSource
    require('everysource/polyfill/force')
    const { SharedEventSource } = require('everysource/shared')
    console.log(JSON.stringify([
      required === EventSource,
      globalThis.EventSource === EventSource,
      SharedEventSource.prototype instanceof EventSource,
    ]))`
  expect(await evaluate('module', script)).toEqual([true, true, true])
})
