// A project for Node without lib.dom, where the class is based on Node's own types.
import { ErrorEvent, EventSource } from 'everysource'
import 'everysource/polyfill'

using source = new EventSource('https://example.test/feed')
const target: EventTarget = source
const listener = (event: Event): string => event.type

source.onmessage = (event) => event.data
source.onerror = (event) => event instanceof ErrorEvent && event.message
source.addEventListener('message', ({ data, origin }) => data + origin)
source.addEventListener('error', listener)
source.removeEventListener('error', listener)
target.addEventListener('open', listener)
