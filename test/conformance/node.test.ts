import process from 'node:process'
import { nodeExecutable, nodeMajors } from '../runtimes/binaries.ts'
import { registerNode } from './runners/register-node.ts'

// The Node that runs the tests has a separate file, which needs no other runtime.
const running = Number.parseInt(process.versions.node, 10)

for (const major of nodeMajors) {
  if (major !== running) registerNode(major, nodeExecutable(major))
}
