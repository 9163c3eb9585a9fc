import { beforeEach, describe, expect, it, vi } from 'vitest'

/** Runs the polyfill, where `globalThis.EventSource` is defined as given. */
async function runPolyfill(given?: PropertyDescriptor): Promise<void> {
  vi.resetModules()
  Reflect.deleteProperty(globalThis, 'EventSource')
  if (given) Object.defineProperty(globalThis, 'EventSource', { configurable: true, ...given })
  await import('../src/polyfill.ts')
}

beforeEach(() => {
  const given = Object.getOwnPropertyDescriptor(globalThis, 'EventSource')
  return () => {
    Reflect.deleteProperty(globalThis, 'EventSource')
    if (given) Object.defineProperty(globalThis, 'EventSource', given)
  }
})

describe('where there is no EventSource', () => {
  it.each([
    ['at all', undefined],
    ['but undefined', { value: undefined, writable: true }],
    ['but null', { value: null, writable: true }],
    ['but a getter that returns undefined, as for what a flag turns on', { get: () => undefined }],
  ])('it installs ours: none %s', async (_, given) => {
    await runPolyfill(given)
    const { EventSource } = await import('../src/index.ts')
    expect(globalThis.EventSource).toBe(EventSource)
  })

  it('defines it as WebIDL defines an interface object: not enumerable, and yet to be replaced', async () => {
    await runPolyfill()
    expect(Object.getOwnPropertyDescriptor(globalThis, 'EventSource')).toEqual({
      value: globalThis.EventSource,
      writable: true,
      enumerable: false,
      configurable: true,
    })
  })
})

describe('where there is an EventSource', () => {
  class Native {}

  it('leaves it alone', async () => {
    await runPolyfill({ value: Native, writable: true, enumerable: true })
    expect(Object.getOwnPropertyDescriptor(globalThis, 'EventSource')).toEqual({
      value: Native,
      writable: true,
      enumerable: true,
      configurable: true,
    })
  })

  it('leaves one alone that a getter makes on demand', async () => {
    const get = (): typeof Native => Native
    await runPolyfill({ get })
    expect(Object.getOwnPropertyDescriptor(globalThis, 'EventSource')?.get).toBe(get)
  })
})
