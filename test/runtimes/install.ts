import { installOnFirstUse } from '../install-on-first-use.ts'
import { areInstalled } from './binaries.ts'

/** Installs the other runtimes on first use. vitest calls this before the tests. */
export default async function installRuntimes(): Promise<void> {
  await installOnFirstUse({
    directory: import.meta.dirname,
    title: 'the runtimes to test in (test/runtimes)',
    isComplete: areInstalled,
  })
}
