import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'
import type { TestProject } from 'vitest/node'
import { installOnFirstUse } from '../install-on-first-use.ts'
import { dependenciesOf, directoryOf, type Group, groups } from './groups.ts'

/**
 * Installs other people's packages on first use, and beside them the package that was packed before. vitest calls this
 * before the tests.
 */
export default async function setup(project: TestProject): Promise<void> {
  const { tarball } = project.getProvidedContext()
  const { CI } = process.env
  const wanted = groups.filter((group) => group !== 'bundlers' || CI)
  await Promise.all(wanted.map((group) => prepare(group, tarball)))
}

async function prepare(group: Group, tarball: string): Promise<void> {
  const directory = directoryOf(group)
  const title = `the packages of test/clients/${group}`
  const names = await dependenciesOf(group)
  const isComplete = (): boolean => names.every((name) => existsSync(join(directory, 'node_modules', name)))
  if (!(await installOnFirstUse({ directory, title, isComplete }))) return

  const packages = join(directory, 'node_modules')
  // It depends on what is in the group's lock file already, so that npm, which takes seconds, has nothing to do here.
  await rm(join(packages, 'everysource'), { recursive: true, force: true })
  await mkdir(join(packages, 'everysource'))
  await promisify(execFile)('tar', ['-xzf', tarball, '--strip-components=1', '-C', join(packages, 'everysource')])
  // Node resolves what this imports as it does for any module of the group; vitest leaves alone what is in node_modules.
  await writeFile(join(packages, 'load.mjs'), 'export const load = (specifier) => import(specifier)\n')
}
