/** Returns the version of this package. */
export function readVersion(): string {
  // This is not imported: an import would load what every export of the module needs, and take a third of the time of
  // --version.
  const { createRequire } = process.getBuiltinModule('node:module')
  const { version } = createRequire(import.meta.url)('everysource/package.json') as { version: string }
  return version
}
