import { assert } from 'chai'
import type { Step } from '../../../fixtures/feed-server/plan.ts'
import { endedStream, stream } from '../answers.ts'
import type { ConformanceCase } from '../case.ts'
import { decodesByItself, heedsCharset } from '../limits.ts'
import { type Scene, under } from '../scene.ts'

/*
 * Some of the parser's rules at the level of the class, over a real connection. All rules and their combinations are
 * data in fixtures/streams.
 */

const parsing = under('HTML: Parsing an event stream')
const interpreting = under('HTML: Interpreting an event stream')

type Message = readonly [type: string, data: string, lastEventId: string]

const message = (data: string, lastEventId = ''): Message => ['message', data, lastEventId]

/** Creates a case about the messages that a stream yields until it ends. */
function reads(
  section: ReturnType<typeof under>,
  name: string,
  body: readonly Step[],
  expected: readonly Message[],
  extras: Pick<ConformanceCase, 'limits'> = {},
): ConformanceCase {
  const run = async (scene: Scene): Promise<void> => {
    await scene.plan([endedStream(...body)])
    const watch = scene.watch({}, ...expected.map(([type]) => type))
    await watch.next('error')
    assert.deepEqual(
      watch.messages,
      expected.map((one) => [...one]),
    )
  }
  return section(name, run, extras)
}

const byteOrderMark = [0xef, 0xbb, 0xbf]

/** Sends each byte of the text in its own chunk. */
function byteByByte(text: string): Step[] {
  return [...new TextEncoder().encode(text)].flatMap((byte) => [{ bytes: [byte] }, { pause: 1 }])
}

export const cases: ConformanceCase[] = [
  reads(parsing, 'LF ends a line', ['data: a\n\ndata: b\n\n'], [message('a'), message('b')]),
  reads(parsing, 'CR ends a line', ['data: a\r\rdata: b\r\r'], [message('a'), message('b')]),
  reads(parsing, 'CR LF ends a line', ['data: a\r\n\r\ndata: b\r\n\r\n'], [message('a'), message('b')]),
  reads(
    parsing,
    'The three kinds of line ending can be mixed',
    ['data: a\r\ndata: b\rdata: c\n\r\ndata: d\n\r'],
    [message('a\nb\nc'), message('d')],
  ),
  reads(
    parsing,
    'CR LF that is split over two chunks is one line ending',
    ['data: a\r', { pause: 20 }, '\ndata: b\r\n\r', { pause: 20 }, '\ndata: c\n\n'],
    [message('a\nb'), message('c')],
  ),
  parsing('An event that ends with CR is dispatched without waiting for the next byte', async (scene) => {
    await scene.plan([stream('data: a\r\r')])
    assert.equal((await scene.watch().nextMessage()).data, 'a')
  }),
  reads(
    parsing,
    'A byte order mark at the start is removed',
    [{ bytes: byteOrderMark }, 'data: a\n\n'],
    [message('a')],
  ),
  reads(
    parsing,
    'A byte order mark that is split over chunks is removed',
    [{ bytes: [0xef] }, { pause: 20 }, { bytes: [0xbb] }, { pause: 20 }, { bytes: [0xbf] }, 'data: a\n\n'],
    [message('a')],
  ),
  reads(
    parsing,
    'A second byte order mark is part of the first line',
    [{ bytes: [...byteOrderMark, ...byteOrderMark] }, 'data: a\ndata: b\n\ndata: c\n\n'],
    [message('b'), message('c')],
  ),
  reads(
    parsing,
    'A byte order mark within data is preserved',
    ['data: \uFEFFa\uFEFF\n\n', '\uFEFFdata: b\n\n'],
    [message('\uFEFFa\uFEFF')],
  ),
  reads(
    parsing,
    'The bytes of a byte order mark read as Latin-1 characters are not a byte order mark',
    ['ï»¿data: a\n\ndata: ï»¿b\n\n'],
    [message('ï»¿b')],
  ),
  parsing('Each response can start with a byte order mark', async (scene) => {
    await scene.plan([endedStream('\uFEFFretry: 10\n\n', '\uFEFFdata: a\n\ndata: b\n\n'), stream('\uFEFFdata: c\n\n')])
    const watch = scene.watch()
    await watch.next('message')
    await watch.next('message')
    assert.deepEqual(watch.messages, [[...message('b')], [...message('c')]])
  }),
  reads(
    parsing,
    'The stream is decoded as UTF-8',
    ['data: été 名前 👩‍🚀 \u0000\n\n'],
    [message('été 名前 👩‍🚀 \u0000')],
  ),
  reads(
    parsing,
    'Characters can be split anywhere over chunks',
    byteByByte('id: ñ\r\nevent: 名\r\ndata: a👩‍🚀b\r\n\r\n'),
    [['名', 'a👩‍🚀b', 'ñ']],
  ),
  reads(
    parsing,
    'Bytes that are not UTF-8 become U+FFFD',
    ['data: a', { bytes: [0xff] }, 'b', { bytes: [0xc3] }, 'c', { bytes: [0xf0, 0x9f, 0x91] }, '\n\ndata: d\n\n'],
    [message('a\uFFFDb\uFFFDc\uFFFD'), message('d')],
    { limits: decodesByItself },
  ),
  ...['ISO-8859-1', 'utf-16', 'windows-1251', 'x-unknown'].map((charset) =>
    parsing(
      `The stream is decoded as UTF-8 although its charset is ${charset}`,
      async (scene) => {
        await scene.plan([{ contentType: `text/event-stream; charset=${charset}`, body: ['data: été\n\n'] }])
        assert.equal((await scene.watch().nextMessage()).data, 'été')
      },
      { limits: heedsCharset },
    ),
  ),
  reads(parsing, 'A response with an empty body yields nothing', [], []),

  reads(interpreting, 'Several lines of data are joined with LF', ['data: a\ndata: b\ndata\n\n'], [message('a\nb\n')]),
  reads(
    interpreting,
    'The data can consist of empty lines',
    ['data\n\ndata\ndata\n\ndata:\n\ndata: \n\n'],
    [message(''), message('\n'), message(''), message('')],
  ),
  reads(
    interpreting,
    'Exactly one space after the colon is removed',
    ['data:a\n\ndata: a\n\ndata:  a\n\ndata:\ta\n\ndata: a \n\n'],
    [message('a'), message('a'), message(' a'), message('\ta'), message('a ')],
  ),
  reads(
    interpreting,
    'Only the first colon separates the field name from the value',
    ['data:: a: b\n\n'],
    [message(': a: b')],
  ),
  reads(interpreting, 'Blank lines without a field dispatch nothing', ['\n\n\ndata: a\n\n\n\n'], [message('a')]),
  reads(interpreting, 'Comments are ignored', [':\n: data: b\ndata: a\n:data: b\n\n: end\n\n'], [message('a')]),
  reads(
    interpreting,
    'Unknown fields are ignored',
    ['datum: x\ndata: a\nreconnect: 10\ndata2: x\nevents: x\n\n'],
    [message('a')],
  ),
  reads(
    interpreting,
    'Field names are case-sensitive and compared exactly',
    ['Data: x\nDATA: x\n data: x\ndata : x\nEvent: x\nID: x\ndata: a\n\n'],
    [message('a')],
  ),
  reads(
    interpreting,
    'The last event field of a block is the type',
    ['event: x\nevent: y\ndata: a\n\n'],
    [['y', 'a', '']],
  ),
  reads(
    interpreting,
    'An empty event field leaves the type message',
    ['event: x\nevent:\ndata: a\n\nevent\ndata: b\n\n'],
    [message('a'), message('b')],
  ),
  reads(
    interpreting,
    'The type is reset after each block',
    ['event: x\ndata: a\n\ndata: b\n\n'],
    [['x', 'a', ''], message('b')],
  ),
  reads(
    interpreting,
    'The order of the fields in a block does not matter',
    ['data: a\nid: 1\ndata: b\nevent: x\n\n'],
    [['x', 'a\nb', '1']],
  ),
  reads(
    interpreting,
    'An id that contains NUL is ignored',
    ['id: 1\ndata: a\n\nid: 2\u0000\ndata: b\n\nid: \u0000\ndata: c\n\n'],
    [message('a', '1'), message('b', '1'), message('c', '1')],
  ),
  reads(
    interpreting,
    'A block with only an id sets the last event ID',
    ['id: 1\n\ndata: a\n\nid\n\ndata: b\n\n'],
    [message('a', '1'), message('b', '')],
  ),
  reads(
    interpreting,
    'The last id of a block is the last event ID',
    ['id: 1\nid: 2\ndata: a\n\n'],
    [message('a', '2')],
  ),
  reads(interpreting, 'An id loses one leading space and no other', ['id:  1 \ndata: a\n\n'], [message('a', ' 1 ')]),
  reads(
    interpreting,
    'A block that is cut short by the end of the stream is discarded',
    ['data: a\n\ndata: b\n'],
    [message('a')],
  ),
  reads(
    interpreting,
    'A line that is cut short by the end of the stream is discarded',
    ['data: a\n\ndata: b'],
    [message('a')],
  ),
  reads(
    interpreting,
    'A CR after the last line ends that line, and a second CR ends the block',
    ['data: a\r\rdata: b\r'],
    [message('a')],
  ),
  interpreting('A block can arrive in any number of pieces', async (scene) => {
    await scene.plan([stream(...byteByByte('event: tick\nid: 1\ndata: a\ndata: b\n\n'))])
    const event = await scene.watch({}, 'tick').nextMessage('tick')
    assert.equal(event.data, 'a\nb')
    assert.equal(event.lastEventId, '1')
  }),
  interpreting('A block is not dispatched before it is complete', async (scene) => {
    await scene.plan([stream('data: a\n\n', 'data: b\n', { gate: 'rest' }, 'data: c\n\n')])
    const watch = scene.watch()
    await watch.next('message')
    assert.lengthOf(watch.messages, 1)
    await scene.openGate('rest')
    assert.equal((await watch.nextMessage()).data, 'b\nc')
  }),
  interpreting('An event of two megabytes arrives complete', async (scene) => {
    await scene.plan([stream('data: <', { text: 'é'.repeat(64), times: 16_384 }, '>\n\n')])
    const { data } = await scene.watch().nextMessage()
    assert.lengthOf(data, 64 * 16_384 + 2)
    assert.isTrue(data.startsWith('<é') && data.endsWith('é>'))
  }),
  interpreting('An event of ten thousand lines arrives complete', async (scene) => {
    await scene.plan([stream({ text: 'data: line\n', times: 10_000 }, '\n')])
    const { data } = await scene.watch().nextMessage()
    assert.equal(data, new Array(10_000).fill('line').join('\n'))
  }),
]
