import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { nodeResolve } from '@rollup/plugin-node-resolve'
import { build } from 'esbuild'
import { rollup } from 'rollup'
import { minify } from 'terser'
import { expect, inject, test } from 'vitest'

const consumer = inject('consumer')
/** The size that the class is meant to have. The class is larger; until then, the ceiling keeps it from growing. */
const goal = 7_800
const ceiling = 9_500
/** What SharedEventSource is meant to add to the class, and what it may add until then. */
const sharedGoal = 2_000
const sharedCeiling = 3_200

const gzipped = (code: string): number => gzipSync(code, { level: 9 }).length

interface Bundle {
  code: string
  /** The bytes that each module contributes, after minifying and before gzip. */
  modules: Record<string, number>
}

const bundle = async (contents: string, conditions: string[] = []): Promise<Bundle> => {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: consumer },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    conditions,
    target: 'es2022',
    write: false,
    metafile: true,
    outdir: consumer,
    absWorkingDir: join(consumer, 'node_modules'),
  })
  const [output] = Object.values(metafile.outputs)
  const modules = Object.entries(output?.inputs ?? {}).map(
    ([path, { bytesInOutput }]) => [path, bytesInOutput] as const,
  )
  return { code: outputFiles[0]?.text ?? '', modules: Object.fromEntries(modules.filter(([, bytes]) => bytes > 0)) }
}

const bundleWithRollup = async (contents: string): Promise<string> => {
  const entry = join(consumer, 'entry.js')
  const inMemory = {
    name: 'in-memory',
    resolveId: (id: string) => (id === entry ? id : null),
    load: (id: string) => (id === entry ? contents : null),
  }
  const bundled = await rollup({ input: entry, plugins: [inMemory, nodeResolve({ browser: true })] })
  try {
    const { output } = await bundled.generate({ format: 'es' })
    const { code } = await minify(output[0].code, { ecma: 2020, module: true })
    return code ?? ''
  } finally {
    await bundled.close()
  }
}

test(`The class, bundled for browsers, minified and gzipped, is at most ${ceiling} bytes`, async () => {
  const entry = `export { EventSource } from 'everysource'`
  const { code, modules } = await bundle(entry)
  const sizes = {
    esbuild: gzipped(code),
    'rollup and terser': gzipped(await bundleWithRollup(entry)),
  }
  const parser = gzipped((await bundle(`export { createParser } from 'eventsource-parser'`)).code)
  console.log('gzip -9, in bytes:', { ...sizes, 'of which the parser': parser, goal, ceiling })
  console.log('minified, by module, in bytes:', modules)
  expect(Math.max(...Object.values(sizes))).toBeLessThanOrEqual(ceiling)
})

test(`SharedEventSource adds at most ${sharedCeiling} bytes to the class`, async () => {
  const shared = `export { SharedEventSource } from 'everysource/shared'`
  const alone = `export { EventSource } from 'everysource'`
  const added = {
    esbuild: gzipped((await bundle(shared)).code) - gzipped((await bundle(alone)).code),
    'rollup and terser': gzipped(await bundleWithRollup(shared)) - gzipped(await bundleWithRollup(alone)),
  }
  console.log('gzip -9, in bytes that SharedEventSource adds:', { ...added, sharedGoal, sharedCeiling })
  expect(Math.max(...Object.values(added))).toBeLessThanOrEqual(sharedCeiling)
  const { modules } = await bundle(`${shared}; ${alone}`)
  expect(Object.keys(modules).filter((module) => module.endsWith('/event-source.js'))).toHaveLength(1)
})

test('A bundle of the class contains no other API, no polyfill and nothing for servers', async () => {
  const { modules } = await bundle(`export { EventSource } from 'everysource'`)
  expect(Object.keys(modules)).toContain('everysource/dist/browser/event-source.js')
  const others = /event-stream|shared\/|polyfill|\/cli\/|\/node\/|\/default\//
  expect(Object.keys(modules).filter((module) => others.test(module))).toEqual([])
})

test('A bundle that does not use the class does not contain it', async () => {
  const { modules } = await bundle(`export { ErrorEvent } from 'everysource'`)
  expect(Object.keys(modules)).toContain('everysource/dist/browser/events.js')
  expect(Object.keys(modules)).not.toContain('everysource/dist/browser/event-source.js')
})

test.for(['everysource/polyfill', 'everysource/polyfill/force'])(
  'A bundler preserves the bare import of %s',
  async (name) => {
    const { modules } = await bundle(`import '${name}'`)
    expect(Object.keys(modules)).toContain(`everysource/dist/browser/${name.slice(12).replace('/', '.')}.js`)
    expect(Object.keys(modules)).toContain('everysource/dist/browser/event-source.js')
  },
)

// Bundlers for edge workers also use the condition `browser`.
test.for(['workerd', 'edge-light'])('A bundle for %s contains what its fetch also needs', async (condition) => {
  const { modules } = await bundle(`export { EventSource } from 'everysource'`, [condition, 'worker', 'browser'])
  expect(Object.keys(modules)).toContain('everysource/dist/default/transport/redirecting-fetch.js')
})
