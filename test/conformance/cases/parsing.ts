import { assert } from 'chai'
import type { Step } from '../../../fixtures/feed-server/plan.ts'
import { endedStream, stream } from '../answers.ts'
import type { ConformanceCase } from '../case.ts'
import { under } from '../scene.ts'

/*
 * A sample of what the parser must do, at the level of the class: the bytes go through a real connection. All of the
 * rules in all their combinations are data in fixtures/streams.
 */

const parsing = under('HTML: Parsing an event stream')
const interpreting = under('HTML: Interpreting an event stream')

type Message = readonly [type: string, data: string, lastEventId: string]

const message = (data: string, lastEventId = ''): Message => ['message', data, lastEventId]

/** A case about the messages that a stream yields until it ends. */
function reads(
  section: ReturnType<typeof under>,
  name: string,
  body: readonly Step[],
  expected: readonly Message[],
): ConformanceCase {
  return section(name, async (scene) => {
    await scene.plan([endedStream(...body)])
    const watch = scene.watch({}, ...expected.map(([type]) => type))
    await watch.next('error')
    assert.deepEqual(
      watch.messages,
      expected.map((one) => [...one]),
    )
  })
}

const byteOrderMark = [0xef, 0xbb, 0xbf]

/** Each byte of the text in a chunk of its own. */
function byteByByte(text: string): Step[] {
  return [...new TextEncoder().encode(text)].flatMap((byte) => [{ bytes: [byte] }, { pause: 1 }])
}

export const cases: ConformanceCase[] = [
  reads(parsing, 'lines end with LF', ['data: a\n\ndata: b\n\n'], [message('a'), message('b')]),
  reads(parsing, 'lines end with CR', ['data: a\r\rdata: b\r\r'], [message('a'), message('b')]),
  reads(parsing, 'lines end with CR LF', ['data: a\r\n\r\ndata: b\r\n\r\n'], [message('a'), message('b')]),
  reads(
    parsing,
    'the three ends of line may be mixed',
    ['data: a\r\ndata: b\rdata: c\n\r\ndata: d\n\r'],
    [message('a\nb\nc'), message('d')],
  ),
  reads(
    parsing,
    'CR LF split over two chunks is one end of line',
    ['data: a\r', { pause: 20 }, '\ndata: b\r\n\r', { pause: 20 }, '\ndata: c\n\n'],
    [message('a\nb'), message('c')],
  ),
  parsing('an event that ends with CR is dispatched without waiting for what follows', async (scene) => {
    await scene.plan([stream('data: a\r\r')])
    assert.equal((await scene.watch().nextMessage()).data, 'a')
  }),
  reads(
    parsing,
    'a byte order mark at the start is dropped',
    [{ bytes: byteOrderMark }, 'data: a\n\n'],
    [message('a')],
  ),
  reads(
    parsing,
    'a byte order mark split over chunks is dropped',
    [{ bytes: [0xef] }, { pause: 20 }, { bytes: [0xbb] }, { pause: 20 }, { bytes: [0xbf] }, 'data: a\n\n'],
    [message('a')],
  ),
  reads(
    parsing,
    'a second byte order mark is part of the first line',
    [{ bytes: [...byteOrderMark, ...byteOrderMark] }, 'data: a\ndata: b\n\ndata: c\n\n'],
    [message('b'), message('c')],
  ),
  reads(
    parsing,
    'a byte order mark within data stays',
    ['data: \uFEFFa\uFEFF\n\n', '\uFEFFdata: b\n\n'],
    [message('\uFEFFa\uFEFF')],
  ),
  reads(
    parsing,
    'the characters of a byte order mark read as Latin-1 are not one',
    ['ï»¿data: a\n\ndata: ï»¿b\n\n'],
    [message('ï»¿b')],
  ),
  parsing('each response may start with a byte order mark', async (scene) => {
    await scene.plan([endedStream('\uFEFFretry: 10\n\n', '\uFEFFdata: a\n\ndata: b\n\n'), stream('\uFEFFdata: c\n\n')])
    const watch = scene.watch()
    await watch.next('message')
    await watch.next('message')
    assert.deepEqual(watch.messages, [[...message('b')], [...message('c')]])
  }),
  reads(
    parsing,
    'the stream is decoded as UTF-8',
    ['data: été 名前 👩‍🚀 \u0000\n\n'],
    [message('été 名前 👩‍🚀 \u0000')],
  ),
  reads(
    parsing,
    'characters may be split anywhere over chunks',
    byteByByte('id: ñ\r\nevent: 名\r\ndata: a👩‍🚀b\r\n\r\n'),
    [['名', 'a👩‍🚀b', 'ñ']],
  ),
  reads(
    parsing,
    'bytes that are no UTF-8 become U+FFFD',
    ['data: a', { bytes: [0xff] }, 'b', { bytes: [0xc3] }, 'c', { bytes: [0xf0, 0x9f, 0x91] }, '\n\ndata: d\n\n'],
    [message('a\uFFFDb\uFFFDc\uFFFD'), message('d')],
  ),
  ...['ISO-8859-1', 'utf-16', 'windows-1251', 'x-unknown'].map((charset) =>
    parsing(`the stream is UTF-8 although its charset says ${charset}`, async (scene) => {
      await scene.plan([{ contentType: `text/event-stream; charset=${charset}`, body: ['data: été\n\n'] }])
      assert.equal((await scene.watch().nextMessage()).data, 'été')
    }),
  ),
  reads(parsing, 'a response without a byte yields nothing', [], []),

  reads(interpreting, 'lines of data are joined with LF', ['data: a\ndata: b\ndata\n\n'], [message('a\nb\n')]),
  reads(
    interpreting,
    'data may be empty lines',
    ['data\n\ndata\ndata\n\ndata:\n\ndata: \n\n'],
    [message(''), message('\n'), message(''), message('')],
  ),
  reads(
    interpreting,
    'one space after the colon is removed, and no more',
    ['data:a\n\ndata: a\n\ndata:  a\n\ndata:\ta\n\ndata: a \n\n'],
    [message('a'), message('a'), message(' a'), message('\ta'), message('a ')],
  ),
  reads(interpreting, 'only the first colon separates', ['data:: a: b\n\n'], [message(': a: b')]),
  reads(interpreting, 'blank lines without a field dispatch nothing', ['\n\n\ndata: a\n\n\n\n'], [message('a')]),
  reads(interpreting, 'comments are ignored', [':\n: data: b\ndata: a\n:data: b\n\n: end\n\n'], [message('a')]),
  reads(
    interpreting,
    'unknown fields are ignored',
    ['datum: x\ndata: a\nreconnect: 10\ndata2: x\nevents: x\n\n'],
    [message('a')],
  ),
  reads(
    interpreting,
    'field names are compared exactly',
    ['Data: x\nDATA: x\n data: x\ndata : x\nEvent: x\nID: x\ndata: a\n\n'],
    [message('a')],
  ),
  reads(
    interpreting,
    'the last event field of a block is the type',
    ['event: x\nevent: y\ndata: a\n\n'],
    [['y', 'a', '']],
  ),
  reads(
    interpreting,
    'an empty event field leaves the type at message',
    ['event: x\nevent:\ndata: a\n\nevent\ndata: b\n\n'],
    [message('a'), message('b')],
  ),
  reads(
    interpreting,
    'the type is forgotten after each block',
    ['event: x\ndata: a\n\ndata: b\n\n'],
    [['x', 'a', ''], message('b')],
  ),
  reads(
    interpreting,
    'the place of the fields in a block does not matter',
    ['data: a\nid: 1\ndata: b\nevent: x\n\n'],
    [['x', 'a\nb', '1']],
  ),
  reads(
    interpreting,
    'an id with NUL is ignored',
    ['id: 1\ndata: a\n\nid: 2\u0000\ndata: b\n\nid: \u0000\ndata: c\n\n'],
    [message('a', '1'), message('b', '1'), message('c', '1')],
  ),
  reads(
    interpreting,
    'a block of an id only sets the last event ID',
    ['id: 1\n\ndata: a\n\nid\n\ndata: b\n\n'],
    [message('a', '1'), message('b', '')],
  ),
  reads(interpreting, 'the last id of a block counts', ['id: 1\nid: 2\ndata: a\n\n'], [message('a', '2')]),
  reads(interpreting, 'an id keeps its spaces but for one', ['id:  1 \ndata: a\n\n'], [message('a', ' 1 ')]),
  reads(
    interpreting,
    'a block that the end of the stream cuts short is dropped',
    ['data: a\n\ndata: b\n'],
    [message('a')],
  ),
  reads(
    interpreting,
    'a line that the end of the stream cuts short is dropped',
    ['data: a\n\ndata: b'],
    [message('a')],
  ),
  reads(
    interpreting,
    'a CR after the last line ends it, a second one ends the block',
    ['data: a\r\rdata: b\r'],
    [message('a')],
  ),
  interpreting('a block may come in as many pieces as it likes', async (scene) => {
    await scene.plan([stream(...byteByByte('event: tick\nid: 1\ndata: a\ndata: b\n\n'))])
    const event = await scene.watch({}, 'tick').nextMessage('tick')
    assert.equal(event.data, 'a\nb')
    assert.equal(event.lastEventId, '1')
  }),
  interpreting('what a block has so far is not dispatched', async (scene) => {
    await scene.plan([stream('data: a\n\n', 'data: b\n', { gate: 'rest' }, 'data: c\n\n')])
    const watch = scene.watch()
    await watch.next('message')
    assert.lengthOf(watch.messages, 1)
    await scene.openGate('rest')
    assert.equal((await watch.nextMessage()).data, 'b\nc')
  }),
  interpreting('an event of two megabytes arrives whole', async (scene) => {
    await scene.plan([stream('data: <', { text: 'é'.repeat(64), times: 16_384 }, '>\n\n')])
    const { data } = await scene.watch().nextMessage()
    assert.lengthOf(data, 64 * 16_384 + 2)
    assert.isTrue(data.startsWith('<é') && data.endsWith('é>'))
  }),
  interpreting('an event of ten thousand lines arrives whole', async (scene) => {
    await scene.plan([stream({ text: 'data: line\n', times: 10_000 }, '\n')])
    const { data } = await scene.watch().nextMessage()
    assert.equal(data, new Array(10_000).fill('line').join('\n'))
  }),
]
