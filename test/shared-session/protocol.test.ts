import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readMessage, protocolVersion as version } from '../../src/shared/protocol.ts'

const position = { key: 0.5, lastEventId: 'a' }
const request = { version, ...position, kind: 'catch up', from: 0.25, replay: 0 }
const state = { lastEventId: 'a' }
const url = 'http://feed.example/'
const update = { version, kind: 'update', term: 7.5, to: 0, url, after: position, messages: [], ...state }
const message = { ...position, type: 'message', data: 'hello', lastEventId: 'b' }
const error = {
  message: 'the server ended the stream',
  reason: 'ended',
  error: undefined,
  status: 200,
  headers: [['content-type', 'text/event-stream']],
  body: undefined,
  attempt: 1,
  willReconnect: true,
  delay: 3_000,
}

describe('Messages that tabs send are read', () => {
  it.for<[string, object]>([
    ['A request for messages', request],
    ['A request to reconnect', { ...request, kind: 'reconnect' }],
    ['A departure', { version, kind: 'departure' }],
    ['An update without messages', update],
    ['An update from a leader without a connection', { ...update, url: '' }],
    ['An update with messages', { ...update, messages: [message, message] }],
    ['An update with an error', { ...update, error }],
    ['An update with an error without headers', { ...update, error: { ...error, headers: undefined } }],
    ['A reply', { ...update, to: 0.25 }],
    ['An announcement of a term', { version, kind: 'term', term: 7.5 }],
  ])('%s is read as it is', ([, sent]) => {
    expect(readMessage(structuredClone(sent))).toEqual(sent)
  })
})

describe('Anything else on the channel is ignored', () => {
  it.for<[string, unknown]>([
    ['null', null],
    ['undefined', undefined],
    ['A string', 'update'],
    ['A number', 1],
    ['An array', []],
    ['An empty object', {}],
    ['A message without a version', { ...update, version: undefined }],
    ['A message of an unknown kind', { ...update, kind: 'election' }],
    ['A request without a sender', { ...request, from: undefined }],
    ['An update whose term is not a number', { ...update, term: 'latest' }],
    ['An update whose term is NaN', { ...update, term: Number.NaN }],
    ['An update whose term is infinite', { ...update, term: Infinity }],
    ['An update whose URL is not one', { ...update, url: 'nonsense' }],
    ['An update without messages', { ...update, messages: undefined }],
    ['An update with null among its messages', { ...update, messages: [null] }],
    ['An update with a message without data', { ...update, messages: [{ ...message, data: undefined }] }],
    ['An update with a message without a key', { ...update, messages: [{ ...message, key: undefined }] }],
    ['An update without a position', { ...update, after: undefined }],
    ['An update without a last event ID', { ...update, lastEventId: undefined }],
    ['An update whose position is not one', { ...update, after: 3 }],
    ['A reply to a tab that is not a number', { ...update, to: 'yes' }],
    ['An announcement without a term', { version, kind: 'term' }],
    ['An announcement of the last term there can be', { version, kind: 'term', term: Infinity }],
    ['An update with an error that is null', { ...update, error: null }],
    ['An update with headers that cannot be sent', { ...update, error: { ...error, headers: [['a b', 'c']] } }],
    ['An update with headers that are a number', { ...update, error: { ...error, headers: 3 } }],
  ])('%s is ignored', ([, sent]) => {
    expect(readMessage(sent)).toBeUndefined()
  })

  it('Any value that can be cloned is read without an exception', () => {
    const anyFields = fc.record(
      { version: fc.constant(version), kind: fc.constantFrom('update', 'catch up', 'reconnect', 'departure', 'term') },
      { noNullPrototype: true },
    )
    const nearlyMessage = fc
      .tuple(anyFields, fc.constantFrom(request, update, { ...update, error }), fc.object())
      .map(([fields, base, others]) => ({ ...base, ...others, ...fields }))
    const damaged = fc
      .tuple(fc.constantFrom(...Object.keys({ ...update, ...request, error, to: 0.25 })), fc.anything())
      .map(([name, value]) => ({ ...update, error, to: 0.25, [name]: value }))
    const property = fc.property(fc.oneof(fc.anything(), nearlyMessage, damaged), (value) => {
      expect(() => readMessage(value)).not.toThrow()
    })
    fc.assert(property, { seed: 5, numRuns: 1_000 })
  })
})

describe('Messages of another version are recognized', () => {
  it.for([0, 2, 99])('A message of version %i is reported by its version', (other) => {
    expect(readMessage({ ...update, version: other })).toBe(other)
    expect(readMessage({ version: other, kind: 'something new' })).toBe(other)
  })
})
