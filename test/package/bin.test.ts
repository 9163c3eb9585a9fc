import { join } from 'node:path'
import { expect, inject, test } from 'vitest'
import { run } from './command.ts'
import { startGreetingServer } from './greeting-server.ts'

const consumer = inject('consumer')
const command = join(consumer, 'node_modules/.bin/everysource')

test('The installed command prints an event', async () => {
  await using server = await startGreetingServer()
  const printed = await run(command, ['--max-events', '1', `${server.origin}/greeting`], { cwd: consumer })
  expect(printed).toBe('{"event":"greeting","id":"7","data":"hello"}\n')
})

test('The installed command prints its version', async () => {
  expect(await run(command, ['--version'], { cwd: consumer })).toMatch(/^\d+\.\d+\.\d+\n$/)
})

test('The demo needs nothing but the package', async () => {
  const printed = await run(command, ['demo', '--max-events', '2'], { cwd: consumer })
  expect(printed).toMatch(/\n2 events, 0 interruptions; every event arrived exactly once and in order\n$/)
})
