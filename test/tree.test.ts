import { execFileSync } from 'node:child_process'
import { resolve } from 'node:path'
import { expect, it } from 'vitest'

/** The kinds of files that the repository consists of, as patterns for their paths. */
const knownKinds = [
  /\.(cjs|css|html|json|md|mjs|png|svg|ts)$/,
  // Programs that run other people's tools and libraries.
  /^test\/.+\.js$/,
  /(^|\/)(\.editorconfig|\.gitattributes|\.gitignore|\.npmrc|LICENSE)$/,
  /^\.ci\/run$/,
]

it('The repository tracks only files of known kinds', () => {
  const root = resolve(import.meta.dirname, '..')
  const files = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' }).split('\0').filter(Boolean)
  expect(files).toContain('package.json')
  expect(files.filter((file) => !knownKinds.some((kind) => kind.test(file)))).toEqual([])
})
