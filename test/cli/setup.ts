import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    /** The command, built from the source as it is now. */
    command: string
  }
}

const root = resolve(import.meta.dirname, '../..')

/** Runs once before all test files of this project. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  // Where packages are found from, the command's own by its name included.
  const cache = join(root, 'node_modules/.cache')
  await mkdir(cache, { recursive: true })
  const directory = await mkdtemp(join(cache, 'everysource-command-'))
  const command = join(directory, 'main.mjs')
  await build({
    entryPoints: [join(root, 'src/cli/main.ts')],
    outfile: command,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'es2022',
    logLevel: 'error',
  })
  project.provide('command', command)
  return () => rm(directory, { recursive: true, force: true })
}
