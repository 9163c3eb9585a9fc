import { EventSource, openEventStream } from 'everysource'
import { SharedEventSource } from 'everysource/shared'
import 'everysource/polyfill'
import 'everysource/polyfill/force'
import { expected, firstOutcome } from './listen.cjs'

test('Every entry point is imported, and a source receives', async () => {
  expect([typeof openEventStream, typeof SharedEventSource, globalThis.EventSource]).toEqual([
    'function',
    'function',
    EventSource,
  ])
  expect(await firstOutcome(EventSource)).toMatch(new RegExp(expected))
})
