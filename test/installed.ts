import process from 'node:process'
import { describe, it, type TestOptions } from 'vitest'

/** Skips a test, with a visible line, because something is not installed. It fails in CI, where everything must be. */
export function skipMissing(what: string, skip: (note: string) => never): never {
  const message = `${what} is missing`
  if (process.env['CI']) throw new Error(message)
  console.warn(`SKIPPED: ${message}`)
  return skip(message)
}

/** Returns something that is installed, and skips the test where it is missing. */
export function installed<Part>(what: string, part: Part | undefined, skip: (note: string) => never): Part {
  return part ?? skipMissing(what, skip)
}

/** Registers tests that need something. Where it is missing, one test reports that instead. */
export function describeWith<Part>(
  what: string,
  part: Part | undefined,
  title: string,
  options: TestOptions,
  register: (part: Part) => void,
): void {
  describe(title, options, () => {
    if (part !== undefined) register(part)
    else it(`${what} is installed`, ({ skip }) => skipMissing(what, skip))
  })
}

/**
 * Registers a test that needs a runtime.
 * @param sentence the name of the test without the runtime
 * @param timeout in ms
 */
export function itInRuntime(
  { name, executable }: { readonly name: string; readonly executable: string | undefined },
  sentence: string,
  test: () => Promise<void>,
  timeout = 420_000,
): void {
  it(`${sentence} in ${name}`, { timeout }, async ({ skip }) => {
    installed(name, executable, skip)
    await test()
  })
}
