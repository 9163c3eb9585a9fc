import { fileURLToPath } from 'node:url'
import { inject } from 'vitest'
import { registerMissing, registerRuns } from '../conformance/runners/register.ts'
import { bundlePackage, bundleProgram } from './hermes/bundle-program.ts'
import type { Platform } from './hermes/networking.ts'
import { bundleEnvironment } from './metro.ts'
import { runInHermes } from './run-in-hermes.ts'
import { hermesExecutable, type Version } from './versions.ts'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** The oldest version that is supported, and the newest: each has what the other lacks. */
const runs: readonly (readonly [Version, Platform])[] = [
  ['0.76', 'android'],
  ['0.88', 'ios'],
]

const executable = hermesExecutable()
const library = executable && bundlePackage(inject('consumer'))
const program = executable && bundleProgram(here('suite/start.ts'), here('suite/globals.ts'))

for (const [version, platform] of runs) {
  const runtime = `react-native${Number(version)}-${platform}` as const
  if (executable === undefined || library === undefined || program === undefined) {
    registerMissing(runtime, 'there is no Hermes for this platform, or it was not installed')
    continue
  }
  registerRuns(runtime, ['server'], async ({ server }) => {
    const environment = await bundleEnvironment(version, platform)
    return runInHermes(
      { runtime, executable, platform, environment, library: await library, program: await program },
      server,
    )
  })
}
