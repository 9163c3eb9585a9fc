import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'
import type { Platform } from './hermes/networking.ts'
import { modules, nodeFor, type Version } from './versions.ts'

/** What Metro bundles. */
export interface MetroBuild {
  readonly version: Version
  readonly platform: Platform
  /** The path of the main module; its folder is the project. */
  readonly entry: string
  /** Where the bundle goes. */
  readonly output: string
  /** Folders by the names of packages, besides those of React Native. */
  readonly packages?: Readonly<Record<string, string>>
  /** Whether Metro reads the `exports` of packages; before 0.79 it did not unless told. */
  readonly enablePackageExports: boolean
  /** The module that `react-native` is, instead of all that the package has. */
  readonly reactNative?: string
  /** The profile of the Babel preset: 'default' is for any engine. */
  readonly transformProfile?: string
}

const script = join(import.meta.dirname, 'bundle-with-metro.mjs')
const cache = join(modules, '.cache', 'metro')
const longestBuild = 200_000

/** Builds a bundle in a process of its own, as versions of Metro need versions of Node. */
export async function bundleWithMetro(build: MetroBuild): Promise<void> {
  const node = nodeFor(build.version)
  if (node === undefined) throw new Error(`there is no Node for the tools of React Native ${build.version}`)
  const { NODE_OPTIONS: _, ...environment } = process.env
  await promisify(execFile)(node, [script, JSON.stringify({ ...build, cache })], {
    env: { ...environment, NODE_ENV: 'production' },
    timeout: longestBuild,
    maxBuffer: 16 * 1_024 * 1_024,
  })
}

/** React Native's own JavaScript as one script. It is built once for each version of what it is made of. */
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
