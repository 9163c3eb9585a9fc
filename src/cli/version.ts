import { readFileSync } from 'node:fs'

/** Returns the version of this package. */
export function readVersion(): string {
  const manifest = readFileSync(new URL(import.meta.resolve('everysource/package.json')), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}
