import { beforeEach, expect, it, vi } from 'vitest'

beforeEach(() => {
  const given = Object.getOwnPropertyDescriptor(globalThis, 'EventSource')
  return () => {
    Reflect.deleteProperty(globalThis, 'EventSource')
    if (given) Object.defineProperty(globalThis, 'EventSource', given)
  }
})

class Native {}

it.each([
  ['nothing', undefined],
  ['a native EventSource', { value: Native, writable: true, enumerable: true }],
  ['one that cannot be assigned', { value: Native, writable: false }],
  ['one that a getter makes on demand', { get: () => Native }],
])('The forced polyfill installs the class over %s', async (_, given) => {
  vi.resetModules()
  Reflect.deleteProperty(globalThis, 'EventSource')
  if (given) Object.defineProperty(globalThis, 'EventSource', { configurable: true, ...given })
  await import('../src/polyfill.force.ts')
  const { EventSource } = await import('../src/index.ts')
  expect(globalThis.EventSource).toBe(EventSource)
  expect(Object.getOwnPropertyDescriptor(globalThis, 'EventSource')).toMatchObject({
    writable: true,
    configurable: true,
  })
})
