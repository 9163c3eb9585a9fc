import { denoExecutable } from '../runtimes/binaries.ts'
import { registerProcess } from './runners/run-process.ts'

registerProcess({
  runtime: 'deno',
  executable: denoExecutable(),
  arguments: ['run', '--allow-all', '--no-lock', '--no-config'],
})
