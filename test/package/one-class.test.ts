import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type BuildOptions, build } from 'esbuild'
import { beforeAll, describe, expect, inject, test } from 'vitest'
import { installed } from '../installed.ts'
import { bunExecutable, denoExecutable, nodeExecutable, nodeMajors } from '../runtimes/binaries.ts'
import { run } from './command.ts'
import { startProgram } from './program.ts'

// A program that imports the package, and a library that requires it: both have to get the same classes, since `instanceof`
// fails between copies, and a copy doubles the size of a bundle.

const project = join(inject('consumer'), 'one-class')
const entry = join(project, 'program.mjs')

const program = `
  import * as imported from 'everysource'
  import { SharedEventSource } from 'everysource/shared'
  import 'everysource/polyfill/force'
  import required from 'library'
  console.log(
    required.EventSource === imported.EventSource,
    required.ErrorEvent === imported.ErrorEvent,
    required.SharedEventSource === SharedEventSource,
    SharedEventSource.prototype instanceof required.EventSource,
    globalThis.EventSource === required.EventSource,
  )`
const library = `
  module.exports = { ...require('everysource'), ...require('everysource/shared') }
  require('everysource/polyfill/force')`
const same = 'true true true true true\n'

beforeAll(async () => {
  const directory = join(project, 'node_modules/library')
  await mkdir(directory, { recursive: true })
  await writeFile(entry, program)
  // Deno finds only packages that a package.json lists.
  const dependencies = { everysource: '*', library: '*' }
  await writeFile(join(project, 'package.json'), JSON.stringify({ name: 'one-class', private: true, dependencies }))
  await writeFile(
    join(directory, 'package.json'),
    JSON.stringify({ name: 'library', version: '1.0.0', main: 'index.js' }),
  )
  await writeFile(join(directory, 'index.js'), library)
})

const denoFlags = ['run', '--allow-all', '--no-lock', '--node-modules-dir=manual']
const runtimes: readonly [string, string | undefined, readonly string[]][] = [
  ...nodeMajors.map((major) => [`Node ${major}`, nodeExecutable(major), []] as const),
  ['Deno', denoExecutable(), denoFlags],
  ['Bun', bunExecutable(), ['run']],
] as [string, string | undefined, string[]][]

test.for(runtimes)('Imports and requires get the same classes in %s', async ([name, executable, given], { skip }) => {
  using running = startProgram([...given, entry], {
    executable: installed(name, executable, skip),
    env: { DENO_NO_UPDATE_CHECK: '1' },
  })
  expect(await running.exited).toMatchObject({ stdout: same, exitCode: 0 })
})

test('A program in Deno that requires the package sends requests as one that imports it', async ({ skip }) => {
  const path = join(project, 'resolve.cjs')
  await writeFile(
    path,
    `const { EventSource } = require('everysource')
    try { new EventSource('http://127.0.0.1/', { dispatcher: {} }) } catch ({ message }) { console.log(message) }`,
  )
  using running = startProgram([...denoFlags, path], {
    executable: installed('Deno', denoExecutable(), skip),
    env: { DENO_NO_UPDATE_CHECK: '1' },
  })
  // What a source over Node's own connections does not say.
  expect((await running.exited).stdout).toContain(`it is for Node, without the option 'fetch'`)
})

describe('A bundle has each class once', () => {
  /** Runs a bundle in this Node, whatever it was made for, and returns what it printed. */
  async function outputOf(code: string, name: string): Promise<string> {
    const file = join(project, name)
    await writeFile(file, code)
    using running = startProgram([file])
    const { stdout, stderr, exitCode } = await running.exited
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 })
    return stdout
  }

  test.for<[string, BuildOptions]>([
    ['browsers', { platform: 'browser' }],
    ['Node, as an ES module', { platform: 'node' }],
    ['Node, as a CommonJS module', { platform: 'node', format: 'cjs' }],
    // As wrangler has it: with conditions of one's own, esbuild leaves out "module".
    ['workerd', { platform: 'browser', conditions: ['workerd', 'worker', 'browser'] }],
    ['Deno', { platform: 'browser', conditions: ['deno'] }],
    ['Bun', { platform: 'browser', conditions: ['bun'] }],
  ])('A bundle by esbuild for %s has each class once', async ([name, options]) => {
    const format = options.format ?? 'esm'
    const { outputFiles } = await build({
      entryPoints: [entry],
      bundle: true,
      write: false,
      target: 'es2022',
      ...options,
      format,
    })
    const code = outputFiles?.[0]?.text ?? ''
    expect(await outputOf(code, `by esbuild for ${name}.${format === 'cjs' ? 'cjs' : 'mjs'}`)).toBe(same)
  })

  // For Node, Bun has no condition by which a require could get the ES module.
  test.for(['browser', 'bun'])('A bundle by Bun for %s has each class once', async (target, { skip }) => {
    const executable = installed('Bun', bunExecutable(), skip)
    const code = await run(executable, ['build', entry, '--target', target], { cwd: project })
    expect(await outputOf(code, `by Bun for ${target}.mjs`)).toBe(same)
  })
})
