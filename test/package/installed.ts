import process from 'node:process'

/** Skips the test, with a visible line, where something was not installed; in CI that is a failure. */
export function installed<Part>(name: string, part: Part | undefined, skip: (note: string) => never): Part {
  if (part !== undefined) return part
  const message = `${name} is missing in test/runtimes`
  if (process.env['CI']) throw new Error(message)
  console.warn(`SKIPPED: ${message}`)
  return skip(message)
}
