import process from 'node:process'

/** Returns an installed part. A missing one skips the test with a visible line, and fails in CI. */
export function installed<Part>(name: string, part: Part | undefined, skip: (note: string) => never): Part {
  if (part !== undefined) return part
  const message = `${name} is missing in test/runtimes`
  if (process.env['CI']) throw new Error(message)
  console.warn(`SKIPPED: ${message}`)
  return skip(message)
}
