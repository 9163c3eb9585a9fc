import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ErrorEvent, EventSource, type EventSourceInit, openEventStream } from '../../src/index.ts'
import { hostileNames } from './hostile-names.ts'
import { parseOnlyRequest, type RawServer, startRawServer } from './raw-server.ts'

/** Objects that the whole program shares, and that no server must change. */
const shared = [Object.prototype, Object, Function.prototype, Array.prototype, EventTarget.prototype, Event.prototype]

const block = (name: string): string => `event: ${name}\n${name}: polluted\nid: ${name}\ndata: ${name}\n\n`
/** A response with each name as the name of two headers, and as the type, field, id and data of an event. */
const answer = [
  'HTTP/1.1 200 OK',
  'Content-Type: text/event-stream',
  'Connection: close',
  ...hostileNames.flatMap((name) => [`${name}: polluted`, `${name}: twice`]),
  '',
  hostileNames.map(block).join(''),
].join('\r\n')

const expected = hostileNames.map((name) => ({ type: name, data: name, lastEventId: name }))

describe.each([
  ['fetch', { fetch: globalThis.fetch }],
  ["Node's own connections", {}],
] as readonly (readonly [name: string, init: EventSourceInit])[])('Names over %s are harmless', (_, transport) => {
  let server: RawServer
  beforeAll(async () => {
    server = await startRawServer(() => answer)
  })
  afterAll(() => server.close())

  /** Fails if the action adds, changes or removes a member of a shared object. */
  async function expectUnchanged(action: () => Promise<void>): Promise<void> {
    const describeShared = () =>
      shared.map((object) =>
        Reflect.ownKeys(object).map((key) => [key, Object.getOwnPropertyDescriptor(object, key)?.value]),
      )
    const before = describeShared()
    await action()
    expect(describeShared()).toEqual(before)
  }

  const untilClosed = (source: EventSource): Promise<unknown> =>
    new Promise((resolve) => {
      source.onerror = (event: ErrorEvent) => event.willReconnect || resolve(undefined)
    })

  it('Events have the names that the server sends, and change nothing else', async () => {
    await expectUnchanged(async () => {
      const received: unknown[] = []
      let headers: Headers | undefined
      const source = new EventSource(server.origin, {
        ...transport,
        retry: false,
        onResponse(response) {
          headers = response.headers
        },
      })
      for (const name of hostileNames) {
        source.addEventListener(name, ({ type, data, lastEventId }) => received.push({ type, data, lastEventId }))
      }
      await untilClosed(source)
      expect(received).toEqual(expected)
      for (const name of hostileNames) expect(headers?.get(name)).toBe('polluted, twice')
    })
  })

  it('Streams with for await have events with those names', async () => {
    await expectUnchanged(async () => {
      const received: unknown[] = []
      for await (const event of openEventStream(server.origin, { ...transport, retry: false })) {
        received.push(event)
      }
      expect(received).toEqual(expected.map((event) => ({ ...event, origin: server.origin })))
    })
  })

  it('Headers can have those names, and options from JSON set nothing through such a member', async () => {
    await expectUnchanged(async () => {
      const headers = JSON.parse(`{${hostileNames.map((name) => `"${name}": "value"`)}}`)
      const init = JSON.parse('{ "__proto__": { "method": "POST", "lastEventId": "1" } }')
      const before = server.received.length
      await untilClosed(new EventSource(server.origin, { ...transport, ...init, headers, retry: false }))
      const [request, ...others] = server.received.slice(before).map(parseOnlyRequest)
      expect(others).toEqual([])
      expect(request?.method).toBe('GET')
      expect(request?.headers.has('last-event-id')).toBe(false)
      // Headers of Node that are created from an object lose a header with that name, which is harmless.
      for (const name of hostileNames.filter((name) => name !== '__proto__')) {
        expect(request?.headers.get(name.toLowerCase()), name).toBe('value')
      }
    })
  })
})
