// Code for the class that uses SharedEventSource.
import { EventSource } from 'everysource'
import { SharedEventSource, type SharedEventSourceInit } from 'everysource/shared'

const init: SharedEventSourceInit = {
  scope: 'user 7',
  headers: async () => ({ Authorization: 'Bearer x' }),
  replay: 10,
}
const source: EventSource<{ tick: { number: number } }> = new SharedEventSource<{ tick: { number: number } }>(
  new URL('https://example.test/feed'),
  init,
)
source.addEventListener('tick', ({ data }) => data.number + 1)
source.onerror = ({ type }) => type

const Class: typeof EventSource = SharedEventSource
const other = new Class('https://example.test/feed')
const isOpen = other.readyState === SharedEventSource.OPEN

// @ts-expect-error: a scope is a string.
const refused: SharedEventSourceInit = { scope: 7 }
// @ts-expect-error: only this class has a scope.
const unshared = new EventSource('https://example.test/feed', { scope: 'user 7' })
export const used = { isOpen, refused, unshared }
