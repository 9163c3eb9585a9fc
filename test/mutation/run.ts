import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { installOnFirstUse } from '../install-on-first-use.ts'

/*
 * Changes the sources, one small change after another, and reports which changes no test detects:
 *
 * npm run test:mutation [-- --mutate src/retry.ts,src/session.ts:90-120]
 *
 * The exit code is 0 only if the tests detect 98% of them.
 */

const directory = import.meta.dirname
const stryker = join(directory, 'node_modules/@stryker-mutator/core/bin/stryker.js')

const isInstalled = await installOnFirstUse({
  directory,
  title: 'Stryker (test/mutation)',
  isComplete: () => existsSync(stryker),
})
if (!isInstalled) process.exit(1)

const config = join(directory, 'stryker.config.mjs')
const child = spawn(process.execPath, [stryker, 'run', config, ...process.argv.slice(2)], {
  cwd: join(directory, '../..'),
  stdio: 'inherit',
})
const [exitCode] = await once(child, 'exit')
process.exitCode = exitCode ?? 1
