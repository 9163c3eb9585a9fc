import { expect, it } from 'vitest'
import { EventSource, openEventStream } from '../../src/index.ts'
import { setDefaultTransport } from '../../src/transport/default.ts'
import type { Transport } from '../../src/transport/transport.ts'

const dispatcher = { dispatch: () => true }

it('A dispatcher is rejected where fetch is the transport, since it would not be used', () => {
  const message = /^dispatcher is .+, not usable here: it is for Node, without the option 'fetch'$/
  for (const init of [{ dispatcher }, { dispatcher, fetch: () => fetch('data:,') }]) {
    expect(() => new EventSource('http://feed.example/', init as object)).toThrow(message)
    expect(() => openEventStream('http://feed.example/', init as object)).toThrow(message)
  }
})

it('The entry point of a runtime can set another transport', async () => {
  const urls: string[] = []
  const transport: Transport = async ({ url }) => void urls.push(url)
  setDefaultTransport(() => transport)
  const source = new EventSource('http://feed.example/')
  await new Promise((resolve) => {
    source.onerror = resolve
  })
  source.close()
  expect(urls).toEqual(['http://feed.example/'])
})
