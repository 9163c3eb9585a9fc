// A React Native app: there is no lib.dom, and the types of React declare an Event without members.
import { ErrorEvent, EventSource, openEventStream } from 'everysource'
import { SharedEventSource } from 'everysource/shared'
import { AppState } from 'react-native'

const source = new EventSource('https://example.test/feed', { headers: { Authorization: `${AppState.currentState}` } })
const texts: string[] = []

source.addEventListener('tick', (event) => {
  texts.push(event.data, event.lastEventId, event.origin, event.type)
  // @ts-expect-error: there is no such member, so the type of the event is not any.
  texts.push(event.nonsense)
})
source.addEventListener('error', (event) => {
  texts.push(event.message, event.reason)
  // @ts-expect-error: the type of the event is not any.
  texts.push(event.nonsense)
})
source.onopen = ({ type }) => texts.push(type)
source.onmessage = ({ data }) => texts.push(data)
source.onerror = (event) => event instanceof ErrorEvent && texts.push(event.message)
source.removeEventListener('tick', () => {})
source.dispatchEvent(new ErrorEvent('error', new ErrorEvent('error', {} as ErrorEvent)))

const typed = new EventSource<{ price: number; stock: { readonly left: number } }>('https://example.test/feed')
typed.addEventListener('price', ({ data }) => data.toFixed(2))
typed.addEventListener('stock', ({ data: { left } }) => left.toFixed(2))

new SharedEventSource('https://example.test/feed').onmessage = ({ data }) => texts.push(data)

export async function read(): Promise<void> {
  const { signal } = new AbortController()
  for await (const event of openEventStream('https://example.test/feed', { signal })) {
    texts.push(event.data)
    // @ts-expect-error: the type of the event is not any.
    texts.push(event.nonsense)
  }
}
