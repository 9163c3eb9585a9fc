import { Client } from 'undici'
import { afterEach, expect, it, vi } from 'vitest'

afterEach(() => {
  vi.doUnmock('../../src/node/undici-client.ts')
  vi.resetModules()
})

it('undici has its Client in the file that is loaded alone; if this fails, the file has moved: adapt undici-client.ts', async () => {
  const alone = await import('../../src/node/undici-client.ts')
  expect(alone.Client).toBe(Client)
})

it('The Client of the whole of undici is loaded if its own file has moved', async () => {
  vi.doMock('../../src/node/undici-client.ts', () => {
    throw new Error('Cannot find module')
  })
  const { loadClient } = await import('../../src/node/load-client.ts')
  expect((await loadClient()).name).toBe('Client')
})
