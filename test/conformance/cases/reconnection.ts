import { assert } from 'chai'
import { endedStream, noAnswer, redirect, refusal, resetStream, stream, tornStream } from '../answers.ts'
import type { ConformanceCase } from '../case.ts'
import { decodesByItself, encodesHeaderBytes } from '../limits.ts'
import { pause, under, utf8, valuesOf } from '../scene.ts'

const processing = under('HTML: Processing model')
const lastEventIdHeader = under('HTML: The Last-Event-ID header')
const interpreting = under('HTML: Interpreting an event stream')

function sendsLastEventId(
  name: string,
  first: string,
  expected: string[],
  limits?: ConformanceCase['limits'],
): ConformanceCase {
  return lastEventIdHeader(
    name,
    async (scene) => {
      await scene.plan([endedStream(`retry: 10\n${first}`), stream('data: again\n\n')])
      const watch = scene.watch()
      while ((await watch.nextMessage()).data !== 'again');
      const requests = await scene.requests({ count: 2 })
      assert.deepEqual(valuesOf(requests[1], 'Last-Event-ID'), expected)
    },
    limits === undefined ? {} : { limits },
  )
}

export const cases: ConformanceCase[] = [
  processing('A stream that ends cleanly is reestablished', async (scene) => {
    await scene.plan([endedStream('retry: 10\ndata: a\n\n'), stream('data: b\n\n')])
    const watch = scene.watch()
    assert.equal((await watch.nextMessage()).data, 'a')
    assert.equal((await watch.next('error')).readyState, 0)
    assert.equal((await watch.nextMessage()).data, 'b')
    assert.deepEqual(watch.types, ['open', 'message', 'error', 'open', 'message'])
  }),

  processing('A stream whose connection is reset is reestablished', async (scene) => {
    await scene.plan([resetStream('retry: 10\ndata: a\n\n', { gate: 'reset' }), stream('data: b\n\n')])
    const watch = scene.watch()
    await watch.next('message')
    await scene.openGate('reset')
    assert.equal((await watch.next('error')).readyState, 0)
    assert.equal((await watch.nextMessage()).data, 'b')
  }),

  processing('A stream that breaks off in the middle of the response is reestablished', async (scene) => {
    await scene.plan([tornStream('retry: 10\ndata: a\n\n', { gate: 'tear' }, 'data: half'), stream('data: b\n\n')])
    const watch = scene.watch()
    await watch.next('message')
    await scene.openGate('tear')
    assert.equal((await watch.next('error')).readyState, 0)
    assert.equal((await watch.nextMessage()).data, 'b')
  }),

  processing('A response with an empty body is reestablished', async (scene) => {
    await scene.plan([endedStream(), stream('data: a\n\n')])
    const watch = scene.watch({ retry: { initialDelay: 10 } })
    assert.equal((await watch.next('error')).readyState, 0)
    assert.equal((await watch.nextMessage()).data, 'a')
  }),

  processing('A connection that fails before any response is retried', async (scene) => {
    await scene.plan([noAnswer, stream('data: a\n\n')])
    const watch = scene.watch({ retry: { initialDelay: 10 } })
    const error = await watch.next('error')
    assert.equal(error.readyState, 0)
    assert.deepEqual(watch.types, ['error'])
    assert.equal((await watch.nextMessage()).data, 'a')
  }),

  processing('Every failed attempt fires one error', async (scene) => {
    await scene.plan([endedStream('retry: 10\nid: 1\ndata: a\n\n'), noAnswer, noAnswer, stream('data: b\n\n')])
    const watch = scene.watch({ retry: { maxDelay: 30, initialDelay: 10 } })
    await watch.next('message')
    await watch.next('message')
    assert.deepEqual(watch.types, ['open', 'message', 'error', 'error', 'error', 'open', 'message'])
    const requests = await scene.requests({ count: 4 })
    assert.deepEqual(
      requests.map((request) => valuesOf(request, 'Last-Event-ID')),
      [[], ['1'], ['1'], ['1']],
    )
  }),

  processing('The source reconnects after every interruption, with one request at a time', async (scene) => {
    const answers = Array.from({ length: 6 }, (_, index) => endedStream(`retry: 10\nid: ${index}\ndata: ${index}\n\n`))
    await scene.plan([...answers, stream('data: last\n\n')])
    const watch = scene.watch()
    while ((await watch.nextMessage()).data !== 'last');
    const requests = await scene.requests({ count: 7 })
    assert.lengthOf(requests, 7)
    assert.lengthOf(
      requests.filter((request) => request.open),
      1,
    )
    assert.deepEqual(
      watch.messages.map(([, data]) => data),
      ['0', '1', '2', '3', '4', '5', 'last'],
    )
    assert.deepEqual(
      requests.map((request) => valuesOf(request, 'Last-Event-ID')[0]),
      [undefined, '0', '1', '2', '3', '4', '5'],
    )
  }),

  processing('A status that fails the connection does so after a reconnection, too', async (scene) => {
    await scene.plan([endedStream('retry: 10\ndata: a\n\n'), refusal(404), stream('data: b\n\n')])
    const watch = scene.watch()
    assert.equal((await watch.next('error')).readyState, 0)
    assert.equal((await watch.next('error')).readyState, 2)
    await pause()
    assert.lengthOf(await scene.requests(), 2)
  }),

  processing('A response with status 204 stops a client that reconnects', async (scene) => {
    await scene.plan([endedStream('retry: 10\ndata: a\n\n'), { status: 204, contentType: null, ending: 'end' }])
    const watch = scene.watch()
    await watch.next('error')
    assert.equal((await watch.next('error')).readyState, 2)
    await pause()
    assert.lengthOf(await scene.requests(), 2)
  }),

  processing('close() in an error listener prevents the reconnection', async (scene) => {
    await scene.plan([endedStream('retry: 10\ndata: a\n\n')])
    const source = scene.open()
    source.onerror = () => source.close()
    const watch = scene.observe(source)
    await watch.next('error')
    await pause(150)
    assert.equal(source.readyState, 2)
    assert.deepEqual(watch.types, ['open', 'message', 'error'])
    assert.lengthOf(await scene.requests(), 1)
  }),

  processing('close() during the reconnection time prevents the reconnection', async (scene) => {
    await scene.plan([endedStream('retry: 500\ndata: a\n\n')])
    const watch = scene.watch()
    await watch.next('error')
    watch.source.close()
    await pause(800)
    assert.equal(watch.source.readyState, 2)
    assert.lengthOf(await scene.requests(), 1)
    assert.deepEqual(watch.types, ['open', 'message', 'error'])
  }),

  processing('Listeners and handlers remain across reconnections', async (scene) => {
    await scene.plan([endedStream('retry: 10\nevent: tick\ndata: a\n\n'), stream('event: tick\ndata: b\n\n')])
    const source = scene.open()
    let opened = 0
    source.onopen = () => {
      opened++
    }
    const watch = scene.observe(source, 'tick')
    await watch.next('tick')
    await watch.next('tick')
    assert.equal(opened, 2)
    assert.equal(source.url, scene.url())
  }),

  ...[302, 303, 307].map((status) =>
    processing(`The source reconnects to its own URL after a temporary redirect (${status})`, async (scene) => {
      await scene.plan([
        redirect(status, scene.url('/elsewhere')),
        endedStream('retry: 10\ndata: a\n\n'),
        stream('data: b\n\n'),
      ])
      const watch = scene.watch()
      await watch.next('message')
      await watch.next('message')
      const requests = await scene.requests({ count: 3 })
      assert.deepEqual(
        requests.map(({ url }) => url.replace(/\?.*/, '')),
        ['/feed', '/feed/elsewhere', '/feed'],
      )
      assert.equal(watch.source.url, scene.url())
    }),
  ),

  interpreting('The retry field sets the reconnection time', async (scene) => {
    await scene.plan([endedStream('retry: 400\ndata: a\n\n'), stream('data: b\n\n')])
    // Without the server's reconnection time it would take longer than a case may.
    const watch = scene.watch({ retry: { initialDelay: 600_000 } })
    await watch.next('error')
    await watch.next('open')
    await watch.next('open')
    const [first, second] = await scene.requests({ count: 2 })
    // The clocks of client and server may differ slightly.
    assert.isAtLeast((second?.time ?? 0) - (first?.time ?? 0), 390)
  }),

  interpreting('A retry field counts without a blank line after it', async (scene) => {
    await scene.plan([endedStream('data: a\n\nretry: 10\n'), stream('data: b\n\n')])
    const watch = scene.watch({ retry: { initialDelay: 600_000 } })
    await watch.next('message')
    assert.equal((await watch.nextMessage()).data, 'b')
  }),

  interpreting('A retry field with anything but ASCII digits is ignored', async (scene) => {
    const bogus = ['soon', '-1', '+1', '1.5', '1e9', '0x9999', '９９９９９', '99999 ', ' 99999']
    await scene.plan([
      endedStream('retry: 10\n', ...bogus.map((value) => `retry: ${value}\n`), 'data: a\n\n'),
      stream('data: b\n\n'),
    ])
    const watch = scene.watch()
    await watch.next('message')
    assert.equal((await watch.nextMessage()).data, 'b')
  }),

  interpreting('The last retry field counts, and remains across reconnections', async (scene) => {
    await scene.plan([
      endedStream('retry: 90000\nretry: 10\ndata: a\n\n'),
      endedStream('data: b\n\n'),
      endedStream('data: c\n\n'),
      stream('data: d\n\n'),
    ])
    const watch = scene.watch()
    while ((await watch.nextMessage()).data !== 'd');
  }),

  interpreting('An event that is cut short is not continued by the next response', async (scene) => {
    await scene.plan([
      endedStream('retry: 10\ndata: a\n\nevent: tick\nid: 9\ndata: half'),
      stream(' done\n\ndata: b\n\n'),
    ])
    const watch = scene.watch({}, 'tick')
    await watch.next('message')
    await watch.next('message')
    assert.deepEqual(watch.messages, [
      ['message', 'a', ''],
      ['message', 'b', ''],
    ])
  }),

  interpreting(
    'A character that is cut short is not continued by the next response',
    async (scene) => {
      await scene.plan([
        endedStream('retry: 10\ndata: a\n\n', { bytes: [0xf0, 0x9f] }),
        stream({ bytes: [0x91, 0xa9] }, '\ndata: b\n\n'),
      ])
      const watch = scene.watch()
      await watch.next('message')
      assert.equal((await watch.nextMessage()).data, 'b')
    },
    { limits: decodesByItself },
  ),

  interpreting('CR at the end of one response and LF at the start of the next are two line endings', async (scene) => {
    await scene.plan([endedStream('retry: 10\ndata: a\n\ndata: half\r'), stream('\ndata: b\n\n')])
    const watch = scene.watch()
    await watch.next('message')
    assert.equal((await watch.nextMessage()).data, 'b')
    assert.lengthOf(watch.messages, 2)
  }),

  lastEventIdHeader('Last-Event-ID is not sent with the first request', async (scene) => {
    await scene.plan([stream('id: 1\ndata: a\n\n')])
    await scene.watch().next('message')
    assert.deepEqual(valuesOf((await scene.requests({ count: 1 }))[0], 'Last-Event-ID'), [])
  }),

  sendsLastEventId('Last-Event-ID is not sent when no id was received', 'data: a\n\n', []),
  sendsLastEventId('Last-Event-ID is the last id, and is sent once', 'id: 1\ndata: a\n\nid: 2\ndata: b\n\n', ['2']),
  sendsLastEventId('Last-Event-ID is also the id of a block without data', 'id: 1\ndata: a\n\nid: 2\n\n', ['2']),
  sendsLastEventId('An empty id prevents Last-Event-ID from being sent', 'id: 1\ndata: a\n\nid\ndata: b\n\n', []),
  sendsLastEventId('The id of an incomplete event is not sent', 'id: 1\ndata: a\n\nid: 2\ndata: b\n', ['1']),
  sendsLastEventId('An id that contains NUL is not sent', 'id: 1\ndata: a\n\nid: 2\u0000\ndata: b\n\n', ['1']),
  sendsLastEventId('An id can be any printable text', 'id: a, "b"; c=d\\e %F0 {}~\ndata: a\n\n', [
    'a, "b"; c=d\\e %F0 {}~',
  ]),
  sendsLastEventId('An id within Latin-1 is sent as UTF-8', 'id: été\ndata: a\n\n', [utf8('été')], encodesHeaderBytes),
  sendsLastEventId(
    'An id beyond Latin-1 is sent as UTF-8',
    'id: 名前 👩‍🚀\ndata: a\n\n',
    [utf8('名前 👩‍🚀')],
    encodesHeaderBytes,
  ),

  lastEventIdHeader('Last-Event-ID remains across responses that have no id', async (scene) => {
    await scene.plan([
      endedStream('retry: 10\nid: 1\ndata: a\n\n'),
      endedStream(': nothing new\n'),
      stream('data: b\n\n'),
    ])
    const watch = scene.watch({ retry: { maxDelay: 30, initialDelay: 10 } })
    await watch.next('message')
    await watch.next('message')
    const requests = await scene.requests({ count: 3 })
    assert.deepEqual(
      requests.map((request) => valuesOf(request, 'Last-Event-ID')),
      [[], ['1'], ['1']],
    )
  }),

  lastEventIdHeader('The last event ID applies after a reconnection to events that have no id', async (scene) => {
    await scene.plan([endedStream('retry: 10\nid: 1\ndata: a\n\n'), endedStream('data: b\n\n'), stream('data: c\n\n')])
    const watch = scene.watch()
    while ((await watch.nextMessage()).data !== 'c');
    assert.deepEqual(watch.messages, [
      ['message', 'a', '1'],
      ['message', 'b', '1'],
      ['message', 'c', '1'],
    ])
    const requests = await scene.requests({ count: 3 })
    assert.deepEqual(valuesOf(requests[2], 'Last-Event-ID'), ['1'])
  }),
]
