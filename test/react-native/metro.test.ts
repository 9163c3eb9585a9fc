import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { bundleWithMetro, type MetroBuild } from './metro.ts'
import { hermesCompiler, modules, type Version, versions } from './versions.ts'

const app = `
  import { ErrorEvent, EventSource, openEventStream } from 'everysource'
  new EventSource('https://feed.example/events').onmessage = ({ data }) => console.log(data, ErrorEvent, openEventStream)`

/** Imports of further entries, which need a Metro that reads `exports`. */
const otherEntries = `
  import { SharedEventSource } from 'everysource/shared'
  import 'everysource/polyfill'
  import 'everysource/polyfill/force'
  console.log(SharedEventSource)`

/** A module with the part of React Native that the package imports; the rest would be most of the bundle. */
const reactNative = `
  export { default as AppState } from 'react-native/Libraries/AppState/AppState'
  export { default as Platform } from 'react-native/Libraries/Utilities/Platform'`

let project: string

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'everysource-metro-'))
})
afterAll(() => rm(project, { recursive: true, force: true }))

interface Build extends Pick<MetroBuild, 'version' | 'platform' | 'enablePackageExports'> {
  /** The Babel preset to use instead of React Native's own. */
  readonly preset?: string
}

/** Bundles an app, compiles the bundle with the Hermes compiler of its version, and returns the bundle. */
async function buildApp(settings: Build): Promise<string> {
  const { preset, ...build } = settings
  const { version, enablePackageExports } = build
  const directory = await mkdtemp(join(project, 'app-'))
  const entry = join(directory, 'index.js')
  const output = join(directory, 'dist/main.bundle.js')
  await mkdir(join(directory, 'dist'))
  await writeFile(join(directory, 'package.json'), JSON.stringify({ name: 'app', private: true }))
  await writeFile(entry, enablePackageExports ? app + otherEntries : app)
  await writeFile(join(directory, 'react-native.js'), reactNative)
  const babel = `module.exports = { presets: [${JSON.stringify(preset)}] }`
  if (preset !== undefined) await writeFile(join(directory, 'babel.config.js'), babel)
  await bundleWithMetro({
    ...build,
    entry,
    output,
    packages: { everysource: join(inject('consumer'), 'node_modules/everysource') },
    reactNative: join(directory, 'react-native.js'),
  })
  const compiler = hermesCompiler(version)
  if (compiler === undefined) throw new Error(`there is no compiler of React Native ${version} for this platform`)
  await promisify(execFile)(compiler, ['-emit-binary', '-O', '-w', '-out', `${output}.hbc`, output])
  return readFile(output, 'utf8')
}

function expectBundle(bundle: string): void {
  expect(bundle).toContain('EventStreamError')
  expect(bundle).toContain('XMLHttpRequest')
  expect(bundle).not.toMatch(/undici|['"]node:/)
}

const { CI } = process.env
const platforms = CI ? (['ios', 'android'] as const) : (['android'] as const)
/** A developer's machine builds for the oldest and the newest version. */
const tested: readonly Version[] = CI ? versions : ['0.76', '0.88']
const isInstalled = !versions.map(hermesCompiler).includes(undefined)

describe.runIf(isInstalled || CI)('An app is bundled by Metro and compiled by Hermes', () => {
  for (const version of tested) {
    for (const platform of platforms) {
      for (const enablePackageExports of [true, false]) {
        const how = enablePackageExports ? 'with' : 'without'
        test(`React Native ${version} bundles the package for ${platform} ${how} package exports`, async () => {
          expectBundle(await buildApp({ version, platform, enablePackageExports }))
        })
      }
    }
  }

  const newest: Version = '0.88'
  for (const platform of platforms) {
    test(`Expo bundles the package for ${platform}`, async () => {
      const preset = join(modules, 'babel-preset-expo')
      expectBundle(await buildApp({ version: newest, platform, enablePackageExports: true, preset }))
    })
  }
})
