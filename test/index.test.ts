import { expect, it } from 'vitest'

// Node creates this global when it is read for the first time.
Reflect.get(globalThis, 'MessageEvent')
const globalsBefore = Object.getOwnPropertyDescriptors(globalThis)
const index = await import('../src/index.ts')
const globalsAfter = Object.getOwnPropertyDescriptors(globalThis)

it('The entry point exports the class and its event', async () => {
  expect(index.EventSource).toBe((await import('../src/event-source.ts')).EventSource)
  expect(index.ErrorEvent).toBe((await import('../src/events.ts')).ErrorEvent)
})

it('The entry point does not change the global object', () => {
  expect(globalsAfter).toEqual(globalsBefore)
})
