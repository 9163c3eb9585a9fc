import { fileURLToPath } from 'node:url'
import { expect, inject, onTestFinished, vi } from 'vitest'
import { bundlePackage, bundleProgram } from '../hermes/bundle-program.ts'
import { Hermes } from '../hermes/hermes.ts'
import type { Platform } from '../hermes/networking.ts'
import { bundleEnvironment } from '../metro.ts'
import { hermesExecutable, type Version } from '../versions.ts'
import type { ProgramMessage } from './programs.ts'

const entry = fileURLToPath(new URL('programs.ts', import.meta.url))
let library: Promise<string> | undefined
let program: Promise<string> | undefined

export interface RunningProgram {
  readonly hermes: Hermes
  /** The events that the program has reported so far. */
  readonly reports: readonly { readonly event: string; readonly value?: unknown }[]
  /** Uncaught errors, and other problems. */
  readonly problems: readonly string[]
  /** What the program found at last. */
  readonly result: Promise<unknown>
  /** Waits until the program has reported an event so many times, and returns the values of them all. */
  values(event: string, count?: number): Promise<unknown[]>
}

/**
 * Starts a program in its own Hermes, which ends with the test.
 * @param onEvent called with every event that the program says
 */
export async function startProgram(
  [version, platform]: readonly [Version, Platform],
  name: string,
  task: unknown,
  onEvent: () => void = () => {},
): Promise<RunningProgram> {
  library ??= bundlePackage(inject('consumer'))
  program ??= bundleProgram(entry)
  const { reports, problems, hermes, result } = await startHermes([version, platform], onEvent)
  hermes.load(await library)
  hermes.load(`globalThis.__settings = ${JSON.stringify({ program: name, task })}`)
  hermes.load(await program)
  const valuesOf = (event: string): unknown[] =>
    reports.filter((each) => each.event === event).map(({ value }) => value)
  return {
    hermes,
    reports,
    problems,
    result,
    async values(event, count = 1) {
      await vi.waitFor(
        () => expect(valuesOf(event).length, reports.map((each) => each.event).join()).toBeGreaterThanOrEqual(count),
        {
          timeout: 30_000,
        },
      )
      return valuesOf(event)
    },
  }
}

/** Starts a Hermes with React Native's JavaScript alone. */
export async function startHermes(
  [version, platform]: readonly [Version, Platform],
  onEvent: () => void = () => {},
): Promise<Pick<RunningProgram, 'hermes' | 'problems' | 'result'> & { reports: { event: string; value?: unknown }[] }> {
  const executable = hermesExecutable()
  if (executable === undefined) throw new Error('there is no Hermes for this platform, or it was not installed')
  const reports: { event: string; value?: unknown }[] = []
  const problems: string[] = []
  let resolve = (_: unknown): void => undefined
  const result = new Promise((settle) => {
    resolve = settle
  })
  const environment = await bundleEnvironment(version, platform)
  const hermes = await Hermes.start({
    executable,
    platform,
    environment,
    onMessage: (value) => {
      const message = value as ProgramMessage
      if ('result' in message) resolve(message.result)
      else {
        reports.push(message)
        onEvent()
      }
    },
    onProblem: (problem) => problems.push(problem),
  })
  onTestFinished(() => hermes.close())
  return { hermes, reports, problems, result }
}
