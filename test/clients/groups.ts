import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** Folders with their own lock files. There are few, so that they are installed quickly. */
export const groups = ['original', 'overridden', 'libraries', 'peers', 'test-runners', 'bundlers'] as const

export type Group = (typeof groups)[number]

export function directoryOf(group: Group): string {
  return join(import.meta.dirname, group)
}

/** Libraries with the package `eventsource` that they were written for, and with everysource in its place. */
export const variants = (['original', 'overridden'] as const).filter(isInstalled)

/** Whether the tests of this group can run; what is missing was named when it could not be installed. */
export function isInstalled(group: Group): boolean {
  return existsSync(join(directoryOf(group), 'node_modules/load.mjs'))
}

export async function dependenciesOf(group: Group): Promise<readonly string[]> {
  const { dependencies } = JSON.parse(await readFile(join(directoryOf(group), 'package.json'), 'utf8'))
  return Object.keys(dependencies)
}

/** Imports a module as a module in this group's folder would. Its types are not known before its package is installed. */
export async function load(group: Group, specifier: string) {
  const loader = await import(pathToFileURL(join(directoryOf(group), 'node_modules/load.mjs')).href)
  return loader.load(specifier)
}
