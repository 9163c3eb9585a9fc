import { workerdExecutable } from '../runtimes/binaries.ts'
import { registerMissing, registerRuns } from './runners/register.ts'
import { runInWorkerd } from './runners/run-workerd.ts'

const executable = workerdExecutable()
if (executable === undefined) registerMissing('workerd', 'it is not among the runtimes that were installed')
else registerRuns('workerd', ['server'], ({ server }) => runInWorkerd(executable, server))
