import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'
import type { Platform } from './hermes/networking.ts'
import { modules, nodeFor, type Version } from './versions.ts'

/** The settings of a bundle. */
export interface MetroBuild {
  readonly version: Version
  readonly platform: Platform
  /** The path of the main module; its folder is the project. */
  readonly entry: string
  /** The path of the bundle. */
  readonly output: string
  /** The folders of further packages, by name. */
  readonly packages?: Readonly<Record<string, string>>
  /** Whether Metro reads the `exports` of packages; before 0.79, the default was not to. */
  readonly enablePackageExports: boolean
  /** The path of a module that replaces the package `react-native`. */
  readonly reactNative?: string
  /** The profile of the Babel preset; 'default' supports any engine. */
  readonly transformProfile?: string
}

const script = join(import.meta.dirname, 'bundle-with-metro.mjs')
const cache = join(modules, '.cache', 'metro')
const maxBuildTime = 200_000

/** Builds a bundle in a separate process, since each version of Metro needs its version of Node. */
export async function bundleWithMetro(build: MetroBuild): Promise<void> {
  const node = nodeFor(build.version)
  if (node === undefined) throw new Error(`there is no Node for the tools of React Native ${build.version}`)
  const { NODE_OPTIONS: _, ...environment } = process.env
  await promisify(execFile)(node, [script, JSON.stringify({ ...build, cache })], {
    env: { ...environment, NODE_ENV: 'production' },
    timeout: maxBuildTime,
    maxBuffer: 16 * 1_024 * 1_024,
  })
}

/** Bundles React Native's own JavaScript as one script, once for each version of its parts. */
export async function bundleEnvironment(version: Version, platform: Platform): Promise<string> {
  const entry = join(import.meta.dirname, 'hermes/environment.js')
  const hash = createHash('sha256')
  for (const file of [entry, script, join(import.meta.dirname, 'package-lock.json')]) hash.update(await readFile(file))
  const output = join(modules, '.cache', `environment-${version}-${platform}-${hash.digest('hex').slice(0, 16)}.js`)
  if (!existsSync(output)) {
    await mkdir(join(modules, '.cache'), { recursive: true })
    // The profile for any engine: the virtual machine is older than those of React Native.
    const temporary = `${output}.${process.pid}.js`
    await bundleWithMetro({
      version,
      platform,
      entry,
      output: temporary,
      enablePackageExports: true,
      transformProfile: 'default',
    })
    await rename(temporary, output)
  }
  return readFile(output, 'utf8')
}
