const { expected, firstNews } = require('./listen.cjs')

test('every entry point is required, and a source receives', async () => {
  const { EventSource, openEventStream } = require('everysource')
  const { SharedEventSource } = require('everysource/shared')
  require('everysource/polyfill')
  require('everysource/polyfill/force')
  expect([typeof openEventStream, typeof SharedEventSource, globalThis.EventSource]).toEqual([
    'function',
    'function',
    EventSource,
  ])
  expect(await firstNews(EventSource)).toMatch(new RegExp(expected))
})
