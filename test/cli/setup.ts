import { cp, mkdtemp, realpath, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { build } from 'esbuild'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    /** The path of the command, built from the current source. */
    command: string
  }
}

const root = resolve(import.meta.dirname, '../..')

/** Builds the command once, before all test files of this project. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const directory = await realpath(await mkdtemp(join(tmpdir(), 'everysource-command-')))
  const command = join(directory, 'dist/node/cli/main.mjs')
  // The command resolves its own package by name, and its dependencies from node_modules.
  await cp(join(root, 'package.json'), join(directory, 'package.json'))
  await symlink(join(root, 'node_modules'), join(directory, 'node_modules'))
  await build({
    entryPoints: [join(root, 'src/cli/main.ts')],
    outdir: dirname(command),
    outExtension: { '.js': '.mjs' },
    bundle: true,
    // Like the package, it loads parts of Node only when they are needed.
    splitting: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'es2022',
    logLevel: 'error',
  })
  project.provide('command', command)
  return () => rm(directory, { recursive: true, force: true })
}
