import { expect, it, vi } from 'vitest'

// As in every runtime except Node, where undici sets a global dispatcher while it is imported.
vi.mock('#transport', () => import('../src/transport/default.ts'))

// Node makes this global when it is first read.
Reflect.get(globalThis, 'MessageEvent')
const globalsBefore = Object.getOwnPropertyDescriptors(globalThis)
const index = await import('../src/index.ts')
const globalsAfter = Object.getOwnPropertyDescriptors(globalThis)

it('exports the class and its event', async () => {
  expect(index.EventSource).toBe((await import('../src/event-source.ts')).EventSource)
  expect(index.ErrorEvent).toBe((await import('../src/events.ts')).ErrorEvent)
})

it('leaves the global object as it is', () => {
  expect(globalsAfter).toEqual(globalsBefore)
})
