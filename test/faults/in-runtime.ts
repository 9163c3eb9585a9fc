import process from 'node:process'
import { it } from 'vitest'

interface Runtime {
  readonly name: string
  /** Undefined where it is not installed. */
  readonly executable: string | undefined
}

/**
 * A test that a laptop without the runtime passes over visibly, and CI does not.
 * @param timeout in ms
 */
export function inRuntime(
  { name, executable }: Runtime,
  sentence: string,
  test: () => Promise<void>,
  timeout = 420_000,
): void {
  it.runIf(executable !== undefined || process.env['CI'])(
    executable === undefined ? `SKIPPED: ${name} is not installed` : `${sentence} in ${name}`,
    { timeout },
    async () => {
      if (executable === undefined) throw new Error(`${name} is not installed`)
      await test()
    },
  )
}
