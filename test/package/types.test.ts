import { cp, mkdir, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, inject, test } from 'vitest'
import { run } from './command.ts'

const uses = resolve(import.meta.dirname, '../types')
const directoryOf = (manifest: string): string => dirname(fileURLToPath(manifest))

const compilers = {
  'TypeScript 5.4': join(directoryOf(import.meta.resolve('typescript-5.4/package.json')), 'bin/tsc'),
  'the newest TypeScript': join(directoryOf(import.meta.resolve('typescript/package.json')), 'bin/tsc'),
}

/** The module resolution of a project, and the file extensions: `.mts` imports, `.cts` requires. */
const resolutions = {
  node16: { endings: ['mts', 'cts'], options: { module: 'Node16', moduleResolution: 'Node16' } },
  nodenext: { endings: ['mts', 'cts'], options: { module: 'NodeNext', moduleResolution: 'NodeNext' } },
  bundler: { endings: ['ts'], options: { module: 'ESNext', moduleResolution: 'Bundler' } },
} as const

interface Project {
  resolution: keyof typeof resolutions
  /** The globals that the project knows. Our declarations are checked, too, and may not need more. */
  globals: { lib: string[]; types: string[] }
  uses: string[]
}

const page = {
  globals: { lib: ['ES2022', 'DOM'], types: [] },
  uses: [
    'drop-in',
    'eventsource-5',
    'user-events',
    'subclasses',
    'subclass-expressions',
    'event-stream',
    'event-stream-schemas',
    'shared',
  ],
}
const projects: Record<string, Project> = {
  'a page, node16': { resolution: 'node16', ...page },
  'a page, nodenext': { resolution: 'nodenext', ...page },
  'a page, bundler': { resolution: 'bundler', ...page },
  'a page and Node': {
    ...page,
    resolution: 'nodenext',
    globals: { lib: ['ES2022', 'DOM'], types: ['node'] },
    uses: [...page.uses, 'undici-fetch'],
  },
  'Node without lib.dom': {
    resolution: 'nodenext',
    globals: { lib: ['ES2022'], types: ['node'] },
    uses: ['without-dom', 'user-events', 'subclasses', 'event-stream', 'shared', 'undici-fetch'],
  },
}

const strict = {
  target: 'ES2022',
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
  // A project may be a library, whose declarations must be able to name our types.
  declaration: true,
  emitDeclarationOnly: true,
  outDir: 'declarations',
  typeRoots: [dirname(directoryOf(import.meta.resolve('@types/node/package.json')))],
}

/** Writes the project into the consumer's, where it finds the installed package. */
const create = async (directory: string, { resolution, globals, uses: names }: Project): Promise<void> => {
  const { endings, options } = resolutions[resolution]
  await mkdir(directory)
  for (const name of names) {
    for (const ending of endings) await cp(join(uses, `${name}.ts`), join(directory, `${name}.${ending}`))
  }
  const compilerOptions = { ...strict, ...globals, ...options }
  await writeFile(join(directory, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*'] }))
}

describe.for(Object.entries(projects))('The types work in %s', ([name, project]) => {
  test.for(Object.entries(compilers))('The project compiles with %s', async ([compilerName, compiler]) => {
    const directory = join(inject('consumer'), `${name}, ${compilerName}`)
    await create(directory, project)
    await run(process.execPath, [compiler, '--project', directory])
  })
})
