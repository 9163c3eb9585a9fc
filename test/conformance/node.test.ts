import process from 'node:process'
import { nodeExecutable, nodeMajors } from '../runtimes/binaries.ts'
import { registerProcess } from './runners/run-process.ts'
import { testedImplementation } from './runners/tested-implementation.ts'

// The version of Node that runs the tests is always one of them.
const running = Number.parseInt(process.versions.node, 10)

for (const major of new Set([...nodeMajors, running])) {
  const executable = nodeExecutable(major)
  registerProcess({ runtime: `node${major}`, executable })
  if (testedImplementation !== 'source') continue
  registerProcess({ runtime: `node${major} over undici`, executable, platform: 'node' })
}
