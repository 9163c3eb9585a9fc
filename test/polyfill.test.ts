import { beforeEach, describe, expect, it, vi } from 'vitest'

/** Runs the polyfill with the given definition of `globalThis.EventSource`. */
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

describe('The polyfill installs the class where there is no EventSource', () => {
  it.each([
    ['missing', undefined],
    ['undefined', { value: undefined, writable: true }],
    ['null', { value: null, writable: true }],
    ['a getter that returns undefined, as for a feature behind a flag', { get: () => undefined }],
  ])('The polyfill installs the class where EventSource is %s', async (_, given) => {
    await runPolyfill(given)
    const { EventSource } = await import('../src/index.ts')
    expect(globalThis.EventSource).toBe(EventSource)
  })

  it('The polyfill defines the class like an interface object of WebIDL, not enumerable and configurable', async () => {
    await runPolyfill()
    expect(Object.getOwnPropertyDescriptor(globalThis, 'EventSource')).toEqual({
      value: globalThis.EventSource,
      writable: true,
      enumerable: false,
      configurable: true,
    })
  })
})

describe('The polyfill does not replace an existing EventSource', () => {
  class Native {}

  it('The polyfill does not change an existing EventSource', async () => {
    await runPolyfill({ value: Native, writable: true, enumerable: true })
    expect(Object.getOwnPropertyDescriptor(globalThis, 'EventSource')).toEqual({
      value: Native,
      writable: true,
      enumerable: true,
      configurable: true,
    })
  })

  it('The polyfill does not change an EventSource that a getter creates on demand', async () => {
    const get = (): typeof Native => Native
    await runPolyfill({ get })
    expect(Object.getOwnPropertyDescriptor(globalThis, 'EventSource')?.get).toBe(get)
  })
})
