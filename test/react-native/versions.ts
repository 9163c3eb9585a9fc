import { existsSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { nodeExecutable } from '../runtimes/binaries.ts'

/** The versions of React Native whose JavaScript and build tools are tested. */
export const versions = ['0.76', '0.79', '0.84', '0.88'] as const

export type Version = (typeof versions)[number]

export const modules = join(import.meta.dirname, 'node_modules')

/** The Node that runs the build tools of a version: those of 0.88 need a newer one. */
export function nodeFor(version: Version): string | undefined {
  return version === '0.88' ? (nodeExecutable(24) ?? nodeExecutable(22)) : process.execPath
}

const { platform, arch } = process
const isLinux = platform === 'linux' && arch === 'x64'

/**
 * The path of the virtual machine: HERMES_PATH, for one that was built from source, or else the one from npm, which runs
 * only on Linux on x64.
 */
export function hermesExecutable(): string | undefined {
  const { HERMES_PATH } = process.env
  if (HERMES_PATH) return HERMES_PATH
  return isLinux ? found('hermes-engine-cli/linux64-bin/hermes') : undefined
}

/** The path of the Hermes compiler of a version. */
export function hermesCompiler(version: Version): string | undefined {
  if (!isLinux) return undefined
  return (
    found(`react-native-${version}/sdks/hermesc/linux64-bin/hermesc`) ??
    found(`react-native-${version}/node_modules/hermes-compiler/hermesc/linux64-bin/hermesc`) ??
    found('hermes-compiler/hermesc/linux64-bin/hermesc')
  )
}

/** Whether all of them are there, or this is a platform that they are not made for. */
export function areInstalled(): boolean {
  if (!isLinux) return true
  return found('babel-preset-expo/package.json') !== undefined && !versions.map(hermesCompiler).includes(undefined)
}

function found(path: string): string | undefined {
  const file = join(modules, path)
  return existsSync(file) ? file : undefined
}
