import { join } from 'node:path'

/** The arguments of jest for one test file of a project. */
export function jestArguments(project: string, file: string): string[] {
  return [
    '--rootDir',
    project,
    '--cacheDirectory',
    join(project, 'node_modules/.jest-cache'),
    '--testMatch',
    `**/${file}`,
    '--no-watchman',
    '--runInBand',
    '--ci',
  ]
}
