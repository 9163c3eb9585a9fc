import { cp, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import type { TestProject } from 'vitest/node'
import { run } from './command.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The path of the packed package. */
    tarball: string
    /** The path of a project that has installed the tarball. */
    consumer: string
  }
}

const root = resolve(import.meta.dirname, '../..')
const leftOut = new Set(['.git', 'coverage', 'dist', 'fixtures', 'node_modules', 'test'])

/** Packs the package in a copy, because packing builds, and others may be reading the checkout's own `dist`. */
const pack = async (workspace: string): Promise<string> => {
  const copy = join(workspace, 'checkout')
  await cp(root, copy, { recursive: true, filter: (path) => !leftOut.has(relative(root, path)) })
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'))
  const printed = await run('npm', ['pack', '--silent', '--pack-destination', workspace], { cwd: copy })
  return join(workspace, printed.trim())
}

/**
 * Installs the tarball in a new project, with copies of its dependencies and of the schema libraries that the type
 * tests use. These are already installed here, so nothing is downloaded.
 */
const install = async (workspace: string, tarball: string): Promise<string> => {
  const consumer = join(workspace, 'consumer')
  const copied = ['eventsource-parser', 'undici', 'valibot', 'zod'].map((name) => join(root, 'node_modules', name))
  const flags = ['--offline', '--install-links', '--ignore-scripts', '--no-audit', '--no-fund', '--silent']
  await mkdir(consumer)
  await writeFile(join(consumer, 'package.json'), JSON.stringify({ name: 'consumer', private: true }))
  await run('npm', ['install', ...flags, tarball, ...copied], { cwd: consumer })
  return consumer
}

/** Runs once before all test files of this project. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const workspace = await realpath(await mkdtemp(join(tmpdir(), 'everysource-package-')))
  const removeWorkspace = (): Promise<void> => rm(workspace, { recursive: true, force: true })
  try {
    const tarball = await pack(workspace)
    project.provide('tarball', tarball)
    project.provide('consumer', await install(workspace, tarball))
  } catch (error) {
    await removeWorkspace()
    throw error
  }
  return removeWorkspace
}
