import { registerProcess } from './run-process.ts'
import { testedImplementation } from './tested-implementation.ts'

/** Registers the suite for a version of Node: over `fetch`, as in any runtime, and over Node's own transport. */
export function registerNode(major: number, executable: string | undefined): void {
  registerProcess({ runtime: `node${major}`, executable })
  if (testedImplementation !== 'source') return
  registerProcess({ runtime: `node${major} over HTTP/1.1`, executable, platform: 'node' })
  registerProcess({ runtime: `node${major} over HTTP/2`, executable, platform: 'node', isOverHttp2: true })
}
