import { cp, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import process from 'node:process'
import { describe, expect, inject, test } from 'vitest'
import { run } from './command.ts'
import { documentPaths, readDocument, replaceAll, runners, samplesFor, samplesIn } from './documents.ts'
import { runModule } from './program.ts'

const root = resolve(import.meta.dirname, '../..')
const runner = 'package/documents.test.ts'
const paths = await documentPaths()
const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))

describe.for(paths)('%s', (path) => {
  test('Each sample is run by exactly one test, and no others are listed', async () => {
    const names = samplesIn(await readDocument(path)).map(({ name }) => name)
    expect(
      Object.values(runners[path] ?? {})
        .flat()
        .toSorted(),
    ).toEqual(names.toSorted())
  })

  test('The test files that are said to run its samples ask for each of them', async () => {
    for (const [file, names] of Object.entries(runners[path] ?? {})) {
      const source = await readFile(join(root, 'test', file), 'utf8')
      expect(source, file).toContain(path)
      for (const name of names) {
        const isAskedFor = source.includes(name) || source.includes(name.replaceAll('\\', '\\\\'))
        expect(isAskedFor, `${file} asks for ${name}`).toBe(true)
      }
    }
  })

  test('Each link to a file or a heading of the repository leads there', async () => {
    const markdown = await readDocument(path)
    for (const [, target = ''] of markdown.replaceAll(/^```[\s\S]*?^```$/gm, '').matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target)) continue
      const [file = '', anchor] = target.split('#')
      const linked = file === '' ? path : join(dirname(path), file)
      if (anchor === undefined) await readFile(join(root, linked))
      else expect(anchorsOf(await readDocument(linked)), `${target} in ${path}`).toContain(anchor)
    }
  })
})

/** The anchors that repository sites make of headings. */
function anchorsOf(markdown: string): string[] {
  const headings = markdown.replaceAll(/^```[\s\S]*?^```$/gm, '').matchAll(/^#+ (.*)$/gm)
  return [...headings].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{Letter}\p{Number}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

test('README has at most 300 lines, and shows a first event within 20', async () => {
  const lines = (await readDocument('README.md')).trimEnd().split('\n')
  expect(lines.length).toBeLessThanOrEqual(300)
  expect(lines.slice(0, 20)).toContain('npx everysource http://localhost:3000/feed')
})

test('The sizes that README quotes are those that were measured', async () => {
  const { size } = JSON.parse(await readDocument('test/bench/results/results.json'))
  const quoted = /\| Size[^|]*\|(.*)\|/.exec(await readDocument('README.md'))?.[1]?.split('|') ?? []
  const measured = Object.values<{ gzip: [number] }>(size.values).map(({ gzip: [median] }) =>
    median.toLocaleString('en'),
  )
  const sizes = quoted.map((cell) => cell.trim()).filter((cell) => /\d/.test(cell))
  expect(sizes.length).toBeGreaterThan(1)
  for (const each of sizes) expect(measured).toContain(each)
})

describe('Commands that a test cannot run exist', () => {
  // They install from the registry, where the package is not yet, or take the machine for an hour, or run this test.
  const commands = [
    ['README.md', 'npm install everysource'],
    ['README.md', 'npm ci && npm run demo'],
    ['src/REFERENCE.md', 'npm install undici@7'],
    ['test/bench/README.md', 'npm ci'],
    [
      'test/bench/README.md',
      'npm run bench -- --workloads flood,idle --peers eventsource,undici --rounds 3 --scale 0.1 --output /tmp/bench',
    ],
    ['.github/CONTRIBUTING.md', 'npm ci'],
  ] as const

  test.for(commands)('%s: the scripts and packages of "%s" exist', async ([path, name]) => {
    const sample = (await samplesFor(runner, path))(name)
    const { dependencies } = manifest
    for (const command of sample.trim().split(/\n| && /)) {
      const [, verb = '', what = ''] = /^npm (ci|test|run|install)(?: (\S+))?/.exec(command) ?? []
      if (verb === 'ci') await readFile(join(root, 'package-lock.json'))
      else if (verb === 'test') expect(manifest.scripts.test).toBeDefined()
      else if (verb === 'run') expect(Object.keys(manifest.scripts)).toContain(what)
      else if (what === 'everysource') expect(manifest.name).toBe(what)
      else expect(dependencies[what.split('@')[0] ?? ''], command).toMatch(`^${what.split('@')[1]}.`)
    }
  })

  test('The benchmarks know the options, workloads and peers of their README', async () => {
    const name =
      'npm run bench -- --workloads flood,idle --peers eventsource,undici --rounds 3 --scale 0.1 --output /tmp/bench'
    const sample = (await samplesFor(runner, 'test/bench/README.md'))(name)
    const help = await run(process.execPath, ['--import', 'tsx', 'test/bench/bench.ts', '--help'], { cwd: root })
    for (const [option] of sample.matchAll(/--\w+/g)) expect(help).toContain(option)
    for (const [, list = ''] of sample.matchAll(/--(?:workloads|peers) (\S+)/g)) {
      for (const each of list.split(',')) expect(help).toMatch(new RegExp(`\\b${each}\\b`))
    }
  })
})

test('The case in the README of the tests is one of the conformance suite', async () => {
  const name = `const interpreting = under('HTML: Interpreting an event stream')`
  const sample = (await samplesFor(runner, 'test/README.md'))(name)
  const withoutIndent = (text: string): string => text.trim().replaceAll(/^ +/gm, '')
  const cases = withoutIndent(await readFile(join(root, 'test/conformance/cases/dispatch.ts'), 'utf8'))
  for (const part of sample.split('\n\n')) expect(cases.includes(withoutIndent(part)), part).toBe(true)
})

test('The picture in the map of the code names files that exist', async () => {
  const sample = (await samplesFor(runner, 'src/README.md'))(
    "transport ──bytes──▶ parser ──messages──▶ attempt ──outcome──▶ session ──standard's terms──▶ a face",
  )
  for (const name of ['parser', 'attempt', 'session', 'request', 'retry']) {
    expect(sample).toContain(name)
    await readFile(join(root, `src/${name}.ts`))
  }
})

test('The overrides of the reference put everysource in the place of eventsource', async () => {
  const sample = (await samplesFor(runner, 'src/REFERENCE.md'))('{')
  const directory = await mkdtemp(join(inject('consumer'), 'overrides-'))
  // Stands for the SDK, which the registry has; test/clients runs the SDK itself.
  const sdk = join(directory, 'sdk')
  await mkdir(sdk)
  const dependencies = { eventsource: '^3.0.2' }
  await writeFile(
    join(sdk, 'package.json'),
    JSON.stringify({
      name: '@modelcontextprotocol/sdk',
      version: '1.32.2',
      type: 'module',
      exports: './index.js',
      dependencies,
    }),
  )
  await writeFile(join(sdk, 'index.js'), `export { EventSource, ErrorEvent } from 'eventsource'`)
  for (const name of ['eventsource-parser', 'undici']) {
    await cp(join(root, 'node_modules', name), join(directory, 'copies', name), { recursive: true })
  }
  await writeFile(
    join(directory, 'package.json'),
    replaceAll(sample, { '"^1.32.0"': '"file:sdk"', 'npm:everysource@^0.1.0': `file:${inject('tarball')}` }),
  )
  const flags = ['--offline', '--install-links', '--ignore-scripts', '--no-audit', '--no-fund', '--silent']
  await run('npm', ['install', ...flags, './copies/eventsource-parser', './copies/undici'], { cwd: directory })
  const program = `import { EventSource } from '@modelcontextprotocol/sdk'
    console.log('reconnect' in EventSource.prototype)`
  expect(await runModule(program, { cwd: directory })).toBe('true\n')
})
