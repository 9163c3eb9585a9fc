import { execFile } from 'node:child_process'
import { mkdir, rm, stat } from 'node:fs/promises'
import process from 'node:process'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { areInstalled } from './binaries.ts'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** npm writes this file at the end of every installation. */
const installedLock = here('./node_modules/.package-lock.json')
const lock = here('./package-lock.json')
/** Making a directory either succeeds or tells that another process holds it. */
const guard = here('./.installing')

const longestInstall = 300_000

/** Installs the other runtimes on first use, and again when the lock file has changed. vitest calls this before the tests. */
export default async function installRuntimes(): Promise<void> {
  if (await isCurrent()) return
  if (!(await takeGuard())) return
  try {
    console.log('Installing the runtimes to test in (test/runtimes), which takes a while the first time')
    await promisify(execFile)('npm', ['ci', '--no-audit', '--no-fund'], {
      cwd: here('.'),
      timeout: longestInstall,
      shell: process.platform === 'win32',
    })
  } catch (error) {
    // npm says in its first lines what is wrong, and then how it is used.
    const [, ...reason] = (error as Error).message.split('\n', 4)
    return fail(reason.join(' '))
  } finally {
    await rm(guard, { recursive: true, force: true })
  }
  // npm passes over an optional package that it cannot get, and all of them are optional.
  if (!areInstalled()) fail('npm could not get all of them')
}

/** Without a network the suite still runs in what is there, and reports by name what is not. */
function fail(reason: string): void {
  const message = `the runtimes of test/runtimes could not be installed: ${reason}`
  const { CI } = process.env
  if (CI) throw new Error(message)
  console.warn(`SKIPPED: ${message}`)
}

async function isCurrent(): Promise<boolean> {
  if (!areInstalled()) return false
  const [installed, wanted] = await Promise.all([changedAt(installedLock), changedAt(lock)])
  return installed !== undefined && wanted !== undefined && installed >= wanted
}

/** False when another process has installed the runtimes meanwhile. */
async function takeGuard(): Promise<boolean> {
  const deadline = Date.now() + longestInstall
  for (;;) {
    try {
      await mkdir(guard)
      return true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    // A guard that has stood longer than any installation takes was left behind by a process that was killed.
    const since = await changedAt(guard)
    if (since !== undefined && Date.now() - since > longestInstall) await rm(guard, { recursive: true, force: true })
    if (Date.now() > deadline) throw new Error(`${guard} is held by another installation that does not end`)
    await pause(250)
    if (await isCurrent()) return false
  }
}

async function changedAt(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mtimeMs
  } catch {
    return undefined
  }
}
