// Code that was written for the native class, in a project with lib.dom.
import { EventSource as EverySource } from 'everysource'
import 'everysource/polyfill'
import 'everysource/polyfill/force'

const Class: typeof globalThis.EventSource = EverySource
const fromClass: EventSource = new Class(new URL('https://example.test/feed'))

const source: EventSource = new EverySource('https://example.test/feed', { withCredentials: true })
source.onmessage = (event) => event.data
source.onerror = function () {
  this.close()
}
source.addEventListener('open', (event) => event.type)
source.addEventListener('greeting', (event) => event.data, { once: true })

globalThis.EventSource = EverySource

const own = new EverySource('https://example.test/feed')
own.onopen = null
own.onmessage = (event: MessageEvent<string>) => event.data.length
own.addEventListener('greeting', (event: MessageEvent<string>) => event.data.length)
own.addEventListener('greeting', (event: Event) => event.type)
own.addEventListener('message', { handleEvent: (event) => event.data.length })

// Libraries such as VueUse and tRPC keep the native class's types, and their init has only the standard's member.
const fromNativeInit = new EverySource('https://example.test/feed', {
  withCredentials: true,
} satisfies globalThis.EventSourceInit)

const isOpen = (one: EventSource): boolean => one.readyState === one.OPEN && one.readyState === EverySource.OPEN
const states: readonly [0, 1, 2] = [EverySource.CONNECTING, EverySource.OPEN, EverySource.CLOSED]
export const used = { fromClass, fromNativeInit, isOpen, states }
