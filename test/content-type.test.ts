import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isEventStream } from '../src/content-type.ts'

describe('An attempt recognizes an event stream by the MIME type of the response', () => {
  it.each([
    'text/event-stream',
    'TEXT/Event-Stream',
    ' text/event-stream\t',
    'text/event-stream;',
    'text/event-stream ; charset=utf-8',
    'text/event-stream;charset="utf-8, utf-16"',
    'text/event-stream;charset="text/plain, text/html',
    'text/plain, text/event-stream',
    'text/event-stream, ',
    ', text/event-stream',
    'text/event-stream, event-stream',
    'text/event-stream, */*',
    'text/event-stream, text/',
    'text/event-stream, a text/plain',
    'text/event-stream, text/plain"a"',
    'text/event-stream, "a"text/plain',
    'text/event-stream, text/event-stream;a=b',
  ])('The MIME type %s is that of an event stream', (contentType) => {
    expect(isEventStream(contentType)).toBe(true)
  })

  it.each([
    null,
    '',
    ' ',
    ',',
    '*/*',
    'text/plain',
    'text/event-stream, text/plain',
    'text/event-stream, application/json;charset=utf-8',
    'text/event-streams',
    'xtext/event-stream',
    'text/event-stream/1',
    'text /event-stream',
    'text/event stream',
    'text/event-stream charset=utf-8',
    'text/plain;type=text/event-stream',
    'text/plain;a=",text/event-stream"',
    'text/plain;a=", text/event-stream',
    'text/event-stream"a"',
    'text/event-stream"',
    '"a"text/event-stream',
    'event-stream',
  ])('The MIME type %s is not that of an event stream', (contentType) => {
    expect(isEventStream(contentType)).toBe(false)
  })

  it('The last of several MIME types decides', () => {
    const anyType = fc.constantFrom('text/event-stream', 'text/event-stream;a="b,c"', 'text/plain', 'a/b;c=",d"')
    fc.assert(
      fc.property(fc.array(anyType, { minLength: 1 }), fc.constantFrom(',', ', ', ' , '), (types, comma) => {
        expect(isEventStream(types.join(comma))).toBe(types.at(-1)?.startsWith('text/event-stream'))
      }),
    )
  })
})
