import { expect, it } from 'vitest'
import { readSettings } from '../../src/options/settings.ts'
import { createTransport } from '../../src/transport/default.ts'

it('A dispatcher is refused where fetch is the transport, since the request would be sent without it', () => {
  const dispatcher = { dispatch: () => true }
  const message = /^dispatcher is .+, not usable here: it is for Node, without the option 'fetch'$/
  for (const init of [{ dispatcher }, { dispatcher, fetch: () => fetch('data:,') }]) {
    expect(() => createTransport(readSettings('http://feed.example/', init))).toThrow(message)
  }
})
