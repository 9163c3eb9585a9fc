import { readdir, readFile, stat } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { publint } from 'publint'
import { expect, inject, test } from 'vitest'
import { run } from './command.ts'

const installed = join(inject('consumer'), 'node_modules/everysource')
const manifest = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8'))
/** The maximum size of the installed package, in bytes. */
const maxUnpackedSize = 700_000
const entries = await readdir(installed, { recursive: true, withFileTypes: true })
const published = entries
  .filter((entry) => entry.isFile())
  .map((entry) => relative(installed, join(entry.parentPath, entry.name)))

test('publint reports no problem in the installed package', async () => {
  const { messages } = await publint({ pkgDir: installed, pack: false, strict: true })
  expect(messages).toEqual([])
})

test('@arethetypeswrong/cli reports no problem in the tarball for resolvers that read `exports`', async () => {
  const attw = join(dirname(fileURLToPath(import.meta.resolve('@arethetypeswrong/cli/package.json'))), 'dist/index.js')
  const flags = ['--profile', 'node16', '--no-definitely-typed', '--format', 'json']
  const { analysis } = JSON.parse(await run(process.execPath, [attw, inject('tarball'), ...flags]))
  const isRead = ({ resolutionKind }: { resolutionKind?: string }): boolean => resolutionKind !== 'node10'
  expect(Object.keys(analysis.entrypoints)).toEqual([
    '.',
    './shared',
    './polyfill',
    './polyfill/force',
    './package.json',
  ])
  expect(analysis.problems.filter(isRead)).toEqual([])
})

test('The parser, and undici for Node, are the only runtime dependencies, and nothing but an app brings React Native', () => {
  expect(Object.keys(manifest.dependencies)).toEqual(['eventsource-parser', 'undici'])
  expect(manifest.peerDependencies).toEqual({ 'react-native': '*' })
  expect(manifest.peerDependenciesMeta).toEqual({ 'react-native': { optional: true } })
  expect(manifest.optionalDependencies).toBeUndefined()
})

test('The license of the package and that of the bundled parser are published', async () => {
  expect(published).toContain('LICENSE')
  expect(await readFile(join(installed, 'dist/eventsource-parser.LICENSE'), 'utf8')).toContain('MIT License')
})

test('Only the built files, their types, and the documents for readers are published', () => {
  const others = published.filter((file) => !/^(dist|polyfill|shared)(\/|$)/.test(file))
  expect(others.toSorted()).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json'])
})

test.for(['REFERENCE.md', 'MIGRATION.md'])('The text of src/%s is published in dist', async (page) => {
  const withoutSpaces = async (path: string): Promise<string> => (await readFile(path, 'utf8')).replace(/[ -]+/g, '')
  const source = await withoutSpaces(fileURLToPath(new URL(`../../src/${page}`, import.meta.url)))
  expect(await withoutSpaces(join(installed, 'dist', page))).toBe(source)
})

test.for(['shared', 'polyfill', 'polyfill/force'])(
  'A tool that does not read `exports` finds the files of everysource/%s by the package.json of a folder',
  async (folder) => {
    const fields = JSON.parse(await readFile(join(installed, folder, 'package.json'), 'utf8'))
    expect(Object.keys(fields)).toEqual(['main', 'module', 'types'])
    for (const path of Object.values<string>(fields)) expect(published).toContain(join(folder, path))
  },
)

test(`The unpacked package takes at most ${maxUnpackedSize.toLocaleString('en')} bytes`, async () => {
  const sizes = await Promise.all(published.map(async (file) => (await stat(join(installed, file))).size))
  const total = sizes.reduce((sum, size) => sum + size, 0)
  expect(total).toBeLessThanOrEqual(maxUnpackedSize)
})
