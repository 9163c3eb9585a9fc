import { describe, expect, it } from 'vitest'
import { openEventStream } from '../../src/event-stream/open-event-stream.ts'
import { endedStream } from '../conformance/answers.ts'
import { collect } from './consume.ts'
import { useFeedServer } from './planned-feed.ts'

const feedServer = useFeedServer()

describe('Options are validated when the stream is opened', () => {
  const open = (init: unknown): unknown => openEventStream('http://feed.example/', init as object)

  it.each([
    ['highWaterMark', 0, RangeError],
    ['highWaterMark', Number.NaN, RangeError],
    ['highWaterMark', '64 events', TypeError],
    ['until', '[DONE]', TypeError],
    ['onInterruption', true, TypeError],
    ['onSkip', {}, TypeError],
    ['onDecodeError', 'ignore', TypeError],
    ['decode', {}, TypeError],
    ['decode', 'json', TypeError],
    ['idleTimeout', -1, RangeError],
    ['body', 'a body', TypeError],
  ])('The option %s is refused by name if it is %j', (member, value, type) => {
    expect(() => open({ [member]: value })).toThrow(type)
    expect(() => open({ [member]: value })).toThrow(new RegExp(`^(a )?${member} is `))
  })

  it('A URL that cannot be parsed throws a SyntaxError', () => {
    expect(() => openEventStream('/feed')).toThrow(expect.objectContaining({ name: 'SyntaxError' }))
  })

  it('An option of null means its default', async () => {
    const feed = await feedServer.plan(endedStream('data: 1\n\n'))
    const members = ['until', 'decode', 'onSkip', 'onInterruption', 'onDecodeError', 'highWaterMark', 'reconnectOnEnd']
    const init = { ...Object.fromEntries(members.map((member) => [member, null])), signal: null, method: 'POST' }
    expect(await collect(openEventStream(feed.url, init as object))).toEqual(['1'])
    openEventStream(feed.url, null).close()
  })
})
