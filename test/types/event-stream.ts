// Reading a stream with `for await`: the result of `decode` is the type of the data.
import {
  type ErrorDetails,
  type EventStream,
  EventStreamError,
  type EventStreamErrorReason,
  type EventStreamInit,
  openEventStream,
  type ServerSentEvent,
  type StandardSchema,
} from 'everysource'

type IsSame<One, Other> =
  (<Value>() => Value extends One ? 1 : 2) extends <Value>() => Value extends Other ? 1 : 2 ? true : false
const check = <_Holds extends true>(): void => undefined

interface Tick {
  price: number
}
const url = new URL('https://example.test/feed')

export async function read(): Promise<void> {
  const plain = openEventStream(url)
  check<IsSame<typeof plain, EventStream<string>>>()
  for await (const event of plain) {
    check<IsSame<typeof event, ServerSentEvent<string>>>()
    check<IsSame<typeof event.data, string>>()
    String(event.type.length + event.lastEventId.length + event.origin.length)
    // @ts-expect-error: events are read only
    event.data = ''
    // @ts-expect-error: it is not a MessageEvent
    String(event.source)
  }

  for await (const { data } of openEventStream(url, { decode: (text) => ({ price: text.length }) })) {
    check<IsSame<typeof data, { price: number }>>()
  }
  for await (const { data } of openEventStream(url, { decode: async (text) => text.length })) {
    check<IsSame<typeof data, number>>()
  }
  for await (const { data } of openEventStream(url, { decode: (text) => JSON.parse(text) as Tick })) {
    check<IsSame<typeof data, Tick>>()
    // @ts-expect-error: a tick has a price, no volume
    String(data.volume)
  }
  for await (const { data } of openEventStream(url, { decode: JSON.parse })) String(data.anything)

  const iterator = plain[Symbol.asyncIterator]()
  const result = await iterator.next()
  if (result.done) check<IsSame<typeof result.value, undefined>>()
  else check<IsSame<typeof result.value, ServerSentEvent<string>>>()
  for await (const { data } of iterator) String(data.length)

  const readable = openEventStream(url, { decode: Number }).toReadableStream()
  const { value } = await readable.getReader().read()
  check<IsSame<typeof value, ServerSentEvent<number> | undefined>>()
}

export async function readWithSchemas(
  schema: StandardSchema<Tick>,
  callable: ((text: string) => 'called') & StandardSchema<Tick>,
  withoutTypes: { '~standard': { validate(value: unknown): { value: Tick } | { issues: { message: string }[] } } },
  async: { '~standard': { validate(value: unknown): Promise<{ value: Tick } | { issues: { message: string }[] }> } },
): Promise<void> {
  for await (const { data } of openEventStream(url, { decode: schema })) check<IsSame<typeof data, Tick>>()
  for await (const { data } of openEventStream(url, { decode: callable })) String(data satisfies Tick | 'called')
  for await (const { data } of openEventStream(url, { decode: withoutTypes })) check<IsSame<typeof data, Tick>>()
  for await (const { data } of openEventStream(url, { decode: async })) check<IsSame<typeof data, Tick>>()
  // @ts-expect-error: this is not a schema
  openEventStream(url, { decode: { validate: () => true } }).close()
}

export async function end(): Promise<void> {
  await using stream = openEventStream(url, { until: ({ data }) => data === '[DONE]' })
  const { lastEventId } = stream
  check<IsSame<typeof lastEventId, string>>()
  // @ts-expect-error: the last event ID is read only
  stream.lastEventId = '7'
  stream.close()
}

export function describe(error: unknown): string {
  if (!(error instanceof EventStreamError)) return 'none of ours'
  check<IsSame<typeof error.reason, EventStreamErrorReason>>()
  check<IsSame<typeof error.cause, unknown>>()
  // @ts-expect-error: the reasons are a closed list
  if (error.reason === 'nonsense') return ''
  // @ts-expect-error: the status has one name here
  if (error.code === 401) return ''
  const { message, status, headers, body, attempt, data, lastEventId } = error
  return [message, status?.toFixed(), headers?.get('x'), body?.trim(), attempt?.toFixed(), data, lastEventId].join()
}

const init: EventStreamInit = {
  method: 'POST',
  body: ({ lastEventId }) => JSON.stringify({ lastEventId }),
  headers: async ({ attempt }) => ({ authorization: `${attempt}` }),
  retry: { statuses: [503] },
  signal: new AbortController().signal,
  highWaterMark: 16,
  unterminated: 'deliver',
  onEvent: ({ type, data }) => type + data,
  request: ({ lastEventId, signal }) =>
    lastEventId && !signal.aborted ? { method: 'GET', url: new URL(lastEventId) } : {},
  acceptContentType: (type) => type === 'application/x-ndjson',
  until: ({ type, data }) => type === 'end' || data === '[DONE]',
  onDecodeError: 'skip',
  onSkip: ({ data, lastEventId }) => [data, lastEventId],
  onInterruption: ({ code, delay }: ErrorDetails) => [code, delay],
  reconnectOnEnd: false,
}
openEventStream(url, init).close()
openEventStream(url, { ...init, decode: Number }).close()
openEventStream(url, null).close()
openEventStream('https://example.test/feed', { until: undefined, decode: undefined }).close()
// @ts-expect-error: a URL is needed
openEventStream().close()
// @ts-expect-error: the type of the data comes from decode, and cannot be claimed
openEventStream<Tick>(url).close()
// @ts-expect-error: decode gets text
openEventStream(url, { decode: (tick: Tick) => tick.price }).close()
// @ts-expect-error: until sees the event before decode, whose data is text
openEventStream(url, { decode: JSON.parse, until: ({ data }) => data.price > 1 }).close()
// @ts-expect-error: until decides at once
openEventStream(url, { until: async () => true }).close()
// @ts-expect-error: a number of events
openEventStream(url, { highWaterMark: '64' }).close()
// @ts-expect-error: skip or throw
openEventStream(url, { onDecodeError: 'ignore' }).close()
// @ts-expect-error: there is no such option
openEventStream(url, { onMessage: () => {} }).close()
