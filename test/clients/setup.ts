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
  const packages = join(directory, 'node_modules')
  const loader = join(packages, 'load.mjs')
  // Without it the tests are skipped: nothing is to be tested beside an earlier package.
  await rm(loader, { force: true })
  const names = await dependenciesOf(group)
  const isComplete = (): boolean => names.every((name) => existsSync(join(packages, name)))
  if (!(await installOnFirstUse({ directory, title, isComplete }))) return

  // What it depends on is in the group's lock file, so that npm, which would take seconds, has nothing to do here.
  await rm(join(packages, 'everysource'), { recursive: true, force: true })
  await mkdir(join(packages, 'everysource'))
  await promisify(execFile)('tar', ['-xzf', tarball, '--strip-components=1', '-C', join(packages, 'everysource')])
  // Node resolves what this imports as it does for any module of the group; vitest leaves alone what is in node_modules.
  await writeFile(loader, 'export const load = (specifier) => import(specifier)\n')
}
