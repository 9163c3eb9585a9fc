// The types of events: those of the standard, and those with names that a server chooses.
import { type ErrorDetails, ErrorEvent, type ErrorReason, EventSource, type EventSourceInit } from 'everysource'

type IsSame<One, Other> =
  (<Value>() => Value extends One ? 1 : 2) extends <Value>() => Value extends Other ? 1 : 2 ? true : false
const check = <_Holds extends true>(): void => undefined

interface Tick {
  price: number
}
class Custom extends Event {
  readonly extra = 1
}

const plain = new EventSource('https://example.test/feed')
plain.addEventListener('message', (event) => check<IsSame<typeof event.data, string>>())
plain.addEventListener('error', (event) => check<IsSame<typeof event.reason, ErrorReason>>())
plain.addEventListener('error', (event) => check<IsSame<typeof event.code, number | undefined>>())
plain.addEventListener('error', (event) => check<IsSame<typeof event.status, number | undefined>>())
plain.addEventListener('open', (event) => event.timeStamp)
plain.addEventListener('anything', (event) => event.lastEventId)
// @ts-expect-error: an open event carries no data
plain.addEventListener('open', (event) => event.data)
// @ts-expect-error: the reasons are a closed list
plain.addEventListener('error', (event) => event.reason === 'nonsense')
// @ts-expect-error: code is a status
plain.addEventListener('error', (event) => event.code === 'status')

const typed = new EventSource<{ tick: Tick; log: string; custom: Custom }>('https://example.test/feed')
typed.addEventListener('tick', (event) => check<IsSame<typeof event.data, Tick>>())
typed.addEventListener('tick', (event) => event.lastEventId.length + event.origin.length)
typed.addEventListener('log', (event) => check<IsSame<typeof event.data, string>>())
typed.addEventListener('custom', (event) => event.extra)
typed.addEventListener('message', (event) => check<IsSame<typeof event.data, string>>())
typed.addEventListener('tick', function () {
  this.close()
})
const onTick = ({ data }: { data: Tick }): number => data.price
typed.addEventListener('tick', onTick, { once: true, signal: new AbortController().signal })
typed.removeEventListener('tick', onTick)
// @ts-expect-error: a tick has a price, no volume
typed.addEventListener('tick', (event) => event.data.volume)

typed.onerror = ({ reason, status, headers, willReconnect, delay }) =>
  [reason, status, headers?.get('retry-after'), willReconnect, delay].join()
typed.onmessage = ({ data, lastEventId }) => [data, lastEventId].join()
typed.onopen = null
// @ts-expect-error: a handler is a function
typed.onmessage = 'console.log(event)'

const details: ErrorDetails = new ErrorEvent('error', {
  message: 'refused',
  error: undefined,
  reason: 'status',
  code: 503,
  status: 503,
  headers: new Headers(),
  body: '',
  attempt: 1,
  willReconnect: false,
  delay: undefined,
})
// @ts-expect-error: the fields of an event are read only
details.reason = 'ended'

const init: EventSourceInit = {
  headers: async ({ attempt, previous }) => ({ authorization: `${attempt} ${previous?.code}` }),
  method: 'POST',
  body: ({ lastEventId }) => JSON.stringify({ lastEventId }),
  retry: { statuses: [408, 429, 500, 502, 503, 504], maxAttempts: 5 },
  signal: new AbortController().signal,
  fetch: globalThis.fetch,
  lastEventId: '7',
  onComment: (comment) => comment.length,
  onRequest: ({ url, headers }) => [url, headers.get('accept')],
  onResponse: ({ status, headers }) => [status, headers.get('content-type')],
}
new EventSource('https://example.test/feed', init).close()
new EventSource('https://example.test/feed', { retry: ({ failures }) => failures < 3 && 1_000 }).reconnect()
new EventSource('https://example.test/feed', { retry: false, headers: new Headers({ a: 'b' }) }).close()
new EventSource('https://example.test/feed', { headers: [['a', 'b']] }).close()
// @ts-expect-error: a URL is needed
new EventSource().close()
// @ts-expect-error: there is no such option
new EventSource('https://example.test/feed', { header: {} }).close()
// @ts-expect-error: the standard's redirect mode 'manual' makes no sense here
new EventSource('https://example.test/feed', { redirect: 'manual' }).close()
// @ts-expect-error: a policy's statuses are numbers
new EventSource('https://example.test/feed', { retry: { statuses: ['503'] } }).close()
// @ts-expect-error: a retry function returns a delay or false
new EventSource('https://example.test/feed', { retry: () => 'soon' }).close()
// @ts-expect-error: readyState is read only
plain.readyState = plain.CLOSED
// @ts-expect-error: constants are read only
EventSource.CLOSED = 2
