import { registerProcess } from './run-process.ts'
import { testedImplementation } from './tested-implementation.ts'

/** Registers the suite for a version of Node: over `fetch`, as in any runtime, and over Node's own transport. */
export function registerNode(major: number, executable: string | undefined): void {
  registerProcess({ runtime: `node${major}`, executable })
  if (testedImplementation !== 'source') return
  registerProcess({ runtime: `node${major} over undici`, executable, platform: 'node' })
}
