// What the cases of the suite take for granted, and React Native does not have: bindings in the bundle of the suite, not
// globals. The classes of events are those that the package itself uses.

import { encodeUtf8 } from '../../../src/react-native/utf8.ts'
import { ErrorEvent, EventSource } from '../../conformance/runners/implementation.ts'

// @ts-expect-error The package has no types.
export { default as URL } from 'core-js-pure/stable/url'
// @ts-expect-error The package has no types.
export { default as URLSearchParams } from 'core-js-pure/stable/url-search-params'

export const Event = Object.getPrototypeOf(ErrorEvent) as typeof globalThis.Event
export const EventTarget = Object.getPrototypeOf(EventSource) as typeof globalThis.EventTarget
export const DOMException = thrownClass() as typeof globalThis.DOMException
export let MessageEvent: typeof globalThis.MessageEvent

export class TextEncoder {
  encode(text: string): Uint8Array {
    return Uint8Array.from(encodeUtf8(text))
  }
}

/** The class is only found at a message. */
export function setMessageEvent(found: typeof globalThis.MessageEvent): void {
  MessageEvent = found
}

function thrownClass(): unknown {
  try {
    new EventSource('not a URL').close()
  } catch (error) {
    return (error as Error).constructor
  }
  throw new Error('a relative URL was taken')
}

/** Decodes as one that is fatal and ignores byte order marks. */
export class TextDecoder {
  decode(bytes: Uint8Array): string {
    return decodeURIComponent(Array.from(bytes, (byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''))
  }
}

export { btoa } from '../../../src/react-native/base64.ts'

/**
 * The part of fetch that the cases need for the feed server: React Native's own fetch treats every byte as a character.
 */
export function fetch(url: string, { method = 'GET', body = null }: RequestInit = {}): Promise<Response> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.onload = () => {
      const { status, responseText } = request
      const text = async (): Promise<string> => responseText
      resolve({ status, ok: status < 300, text, json: async () => JSON.parse(responseText) } as Response)
    }
    request.onerror = () => reject(new TypeError('network error'))
    request.open(method, url)
    request.setRequestHeader('Content-Type', 'text/plain')
    request.send(body as string | null)
  })
}
