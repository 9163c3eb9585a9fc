import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { installOnFirstUse } from '../install-on-first-use.ts'
import { type Subject, subjects } from './subjects.ts'

export const peersDirectory = join(import.meta.dirname, 'peers')

const modules = Object.values<Subject>(subjects).flatMap(({ module }) => module ?? [])

/**
 * Installs the peers on first use.
 * @returns whether they are installed
 */
export function installPeers(): Promise<boolean> {
  return installOnFirstUse({
    directory: peersDirectory,
    title: 'the peers to compare with (test/bench/peers)',
    isComplete: () => modules.every((module) => existsSync(join(peersDirectory, 'node_modules', module))),
  })
}
