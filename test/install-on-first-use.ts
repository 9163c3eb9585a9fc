import { execFile } from 'node:child_process'
import { mkdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'

/** A folder with a lock file of its own, whose packages `npm ci` at the root does not install. */
export interface Installation {
  readonly directory: string
  /** What it holds, for people, in the plural. */
  readonly title: string
  /** Whether all of it is there. */
  isComplete(): boolean
}

const longestInstall = 300_000

/**
 * Installs on first use, and again when the lock file has changed. Without a network it says visibly that it could not.
 * @returns whether all is there
 * @throws Error if it could not be installed, and CI is set
 */
export async function installOnFirstUse(installation: Installation): Promise<boolean> {
  const { directory, title, isComplete } = installation
  if (await isCurrent(installation)) return true
  // Making a directory either succeeds or tells that another process holds it.
  const guard = join(directory, '.installing')
  if (!(await takeGuard(guard, installation))) return true
  try {
    console.log(`Installing ${title}, which takes a while the first time`)
    await promisify(execFile)('npm', ['ci', '--no-audit', '--no-fund'], {
      cwd: directory,
      timeout: longestInstall,
      shell: process.platform === 'win32',
    })
  } catch (error) {
    // npm says in its first lines what is wrong, and then how it is used.
    const [, ...reason] = (error as Error).message.split('\n', 4)
    return fail(title, reason.join(' '))
  } finally {
    await rm(guard, { recursive: true, force: true })
  }
  // npm passes over an optional package that it cannot get.
  return isComplete() || fail(title, 'npm could not get all of them')
}

/** Without a network what is there can still be used, and the rest is reported by name. */
function fail(title: string, reason: string): false {
  const message = `${title} could not be installed: ${reason}`
  const { CI } = process.env
  if (CI) throw new Error(message)
  console.warn(`SKIPPED: ${message}`)
  return false
}

async function isCurrent({ directory, isComplete }: Installation): Promise<boolean> {
  if (!isComplete()) return false
  const [installed, wanted] = await Promise.all([
    // npm writes this file at the end of every installation.
    changedAt(join(directory, 'node_modules/.package-lock.json')),
    changedAt(join(directory, 'package-lock.json')),
  ])
  return installed !== undefined && wanted !== undefined && installed >= wanted
}

/** False when another process has installed it meanwhile. */
async function takeGuard(guard: string, installation: Installation): Promise<boolean> {
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
    if (await isCurrent(installation)) return false
  }
}

async function changedAt(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mtimeMs
  } catch {
    return undefined
  }
}
