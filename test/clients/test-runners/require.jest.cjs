const { expected, firstOutcome } = require('./listen.cjs')

test('Every entry point is required, and a source receives', async () => {
  const { EventSource, openEventStream } = require('everysource')
  const { SharedEventSource } = require('everysource/shared')
  require('everysource/polyfill')
  require('everysource/polyfill/force')
  expect([typeof openEventStream, typeof SharedEventSource, globalThis.EventSource]).toEqual([
    'function',
    'function',
    EventSource,
  ])
  expect(await firstOutcome(EventSource)).toMatch(new RegExp(expected))
})
