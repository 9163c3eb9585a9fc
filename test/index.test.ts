import { expect, it, vi } from 'vitest'

it('exports the class and its event', async () => {
  const index = await import('../src/index.ts')
  expect(index.EventSource).toBe((await import('../src/event-source.ts')).EventSource)
  expect(index.ErrorEvent).toBe((await import('../src/events.ts')).ErrorEvent)
})

it('leaves the global object as it is', async () => {
  vi.resetModules()
  const before = Object.getOwnPropertyDescriptors(globalThis)
  await import('../src/index.ts')
  expect(Object.getOwnPropertyDescriptors(globalThis)).toEqual(before)
})
