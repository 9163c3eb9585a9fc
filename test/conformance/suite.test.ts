import { readdir } from 'node:fs/promises'
import { expect, it } from 'vitest'
import type { ConformanceCase } from './case.ts'
import { cases } from './index.ts'

it('The suite contains every module of cases, and all case names are unique', async () => {
  const files = await readdir(new URL('./cases/', import.meta.url))
  const modules = await Promise.all(
    files.map((file) => import(`./cases/${file}`) as Promise<{ cases: readonly ConformanceCase[] }>),
  )
  const names = modules.flatMap((module) => module.cases.map(({ name }) => name))
  expect(cases.map(({ name }) => name).sort()).toEqual(names.sort())
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
})
