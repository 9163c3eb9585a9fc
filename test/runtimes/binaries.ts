import { existsSync } from 'node:fs'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

/** The major versions of Node that the library is tested in. */
export const nodeMajors = [20, 22, 24, 26] as const

const { platform, arch } = process
const runningMajor = Number.parseInt(process.versions.node, 10)

/** Returns the path of a major version of Node. The version that runs the tests is used for its own major. */
export function nodeExecutable(major: number): string | undefined {
  if (major === runningMajor) return process.execPath
  return installed(`node${major}-${platform}-${arch}/bin/node`)
}

export function denoExecutable(): string | undefined {
  return installed(`@deno/${platform}-${arch}${platform === 'linux' ? '-glibc' : ''}/deno`)
}

export function bunExecutable(): string | undefined {
  return installed(`@oven/bun-${platform}-${arch === 'arm64' ? 'aarch64' : arch}/bin/bun`)
}

export function workerdExecutable(): string | undefined {
  return installed(`@cloudflare/workerd-${platform}-${arch === 'x64' ? '64' : arch}/bin/workerd`)
}

/** Returns whether all runtimes are installed, or the lock file has none for this platform. */
export function areInstalled(): boolean {
  if (platform !== 'linux' || !['x64', 'arm64'].includes(arch)) return true
  const executables = [denoExecutable(), bunExecutable(), workerdExecutable(), ...nodeMajors.map(nodeExecutable)]
  return !executables.includes(undefined)
}

function installed(path: string): string | undefined {
  const file = fileURLToPath(new URL(`./node_modules/${path}`, import.meta.url))
  return existsSync(file) ? file : undefined
}
