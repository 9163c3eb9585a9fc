import { execFile } from 'node:child_process'
import { mkdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'

/** A directory with its own lock file, whose packages `npm ci` at the root does not install. */
export interface Installation {
  readonly directory: string
  /** The name of its contents for people, in the plural. */
  readonly title: string
  /** Returns whether all packages are installed. */
  isComplete(): boolean
}

const maxInstallTime = 300_000

/**
 * Installs packages on first use, and again when the lock file has changed. Warns if there is no network.
 * @returns whether everything is installed
 * @throws Error if the installation failed and CI is set
 */
export async function installOnFirstUse(installation: Installation): Promise<boolean> {
  const { directory, title, isComplete } = installation
  if (await isCurrent(installation)) return true
  // Creating a directory either succeeds or shows that another process has created it.
  const lock = join(directory, '.installing')
  if (!(await takeLock(lock, installation))) return true
  try {
    console.log(`Installing ${title}, which takes a while the first time`)
    await promisify(execFile)('npm', ['ci', '--no-audit', '--no-fund'], {
      cwd: directory,
      timeout: maxInstallTime,
      shell: process.platform === 'win32',
    })
  } catch (error) {
    // The first lines of npm's output contain the reason, and the others its usage.
    const [, ...reason] = (error as Error).message.split('\n', 4)
    return fail(title, reason.join(' '))
  } finally {
    await rm(lock, { recursive: true, force: true })
  }
  // npm skips an optional package that it cannot download.
  return isComplete() || fail(title, 'npm could not get all of them')
}

/** Without a network, installed packages can still be used, and the rest is reported by name. */
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

/** Returns false if another process has finished the installation. */
async function takeLock(lock: string, installation: Installation): Promise<boolean> {
  const deadline = Date.now() + maxInstallTime
  for (;;) {
    try {
      await mkdir(lock)
      return true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    // A lock older than the longest installation was left behind by a process that was killed.
    const since = await changedAt(lock)
    if (since !== undefined && Date.now() - since > maxInstallTime) await rm(lock, { recursive: true, force: true })
    if (Date.now() > deadline) throw new Error(`${lock} is held by another installation that does not end`)
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
