import { execFileSync } from 'node:child_process'
import { matchesGlob, resolve } from 'node:path'
import { expect, it } from 'vitest'
import { longTests } from './long-tests.ts'

/** The kinds of files that the repository consists of, as patterns for their paths. */
const knownKinds = [
  /\.(cjs|css|html|json|md|mjs|png|svg|ts)$/,
  // Programs that run other people's tools and libraries.
  /^test\/.+\.js$/,
  /(^|\/)(\.editorconfig|\.gitattributes|\.gitignore|\.npmrc|LICENSE)$/,
  /^\.ci\/run$/,
]

const root = resolve(import.meta.dirname, '..')
const files = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' }).split('\0').filter(Boolean)

it('The repository tracks only files of known kinds', () => {
  expect(files).toContain('package.json')
  expect(files.filter((file) => !knownKinds.some((kind) => kind.test(file)))).toEqual([])
})

it.each(longTests)('The tests that only CI runs exist: %s', (pattern) => {
  expect(files.filter((file) => matchesGlob(file, pattern))).not.toEqual([])
})
