import process from 'node:process'
import { nodeExecutable, nodeMajors } from '../runtimes/binaries.ts'
import { registerProcess } from './runners/run-process.ts'

// The Node that runs the tests is one of them, whatever its major.
const running = Number.parseInt(process.versions.node, 10)

for (const major of new Set([...nodeMajors, running])) {
  registerProcess({ runtime: `node${major}`, executable: nodeExecutable(major) })
}
