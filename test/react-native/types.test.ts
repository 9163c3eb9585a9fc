import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, inject, test } from 'vitest'
import { run } from '../package/command.ts'
import { areInstalled, modules, versions } from './versions.ts'

const use = join(import.meta.dirname, '../types/react-native.ts')
const compiler = fileURLToPath(import.meta.resolve('typescript/package.json')).replace('package.json', 'bin/tsc')

let directory: string

beforeAll(async () => {
  directory = await mkdtemp(join(inject('consumer'), 'react-native-'))
})
afterAll(() => rm(directory, { recursive: true, force: true }))

describe.runIf(areInstalled() || process.env['CI'])("The types work in an app with React Native's own settings", () => {
  test.each(versions)('The app compiles with React Native %s', async (version) => {
    const project = join(directory, version)
    await cp(use, join(project, 'app.ts'))
    await mkdir(join(project, 'node_modules'))
    await symlink(join(modules, `react-native-${version}`), join(project, 'node_modules/react-native'))
    const settings = {
      extends: join(modules, '@react-native/typescript-config/tsconfig.json'),
      compilerOptions: { types: ['react'], typeRoots: [join(modules, '@types')] },
      include: ['app.ts'],
    }
    await writeFile(join(project, 'tsconfig.json'), JSON.stringify(settings))
    await run(process.execPath, [compiler, '--project', project])
  })
})
