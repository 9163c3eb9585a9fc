import { bunExecutable } from '../runtimes/binaries.ts'
import { registerProcess } from './runners/run-process.ts'

registerProcess({ runtime: 'bun', executable: bunExecutable(), arguments: ['run'] })
