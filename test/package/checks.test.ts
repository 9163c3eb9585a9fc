import { resolve } from 'node:path'
import { test } from 'vitest'
import { run } from './command.ts'

const root = resolve(import.meta.dirname, '../..')

test.for(['lint', 'types', 'unused'])('npm run %s reports no problem', async (script) => {
  await run('npm', ['run', '--silent', script], { cwd: root })
})
