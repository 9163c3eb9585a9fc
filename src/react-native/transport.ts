import { Platform } from 'react-native'
import { isNumber, throwInvalid } from '../options/validation.ts'
import { createFetchTransport, sendUnchanged } from '../transport/fetch.ts'
import type { CreateTransport } from '../transport/transport.ts'
import { percentDecode } from './percent-encoding.ts'
import { createXhrTransport } from './xhr-transport.ts'

/** The default of `maxResponseSize`, in characters. iOS keeps the whole response in memory, Android does not. */
const defaultMaxResponseSize = Platform.OS === 'ios' ? 8 * 2 ** 20 : Infinity

/** Decodes the UTF-8 bytes that are the characters of a byte string; a caller's own text is returned unchanged. */
function decodeByteString(text: string): string {
  const bytes = Array.from(text, (character) => `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`)
  return percentDecode(bytes.join(''))
}

/** Whether the global `fetch` streams. React Native's own does not; Expo's and an app's polyfill do. */
function doesFetchStream(): boolean {
  const { fetch, Response } = globalThis
  if (!fetch) return false
  const isExpo = (fetch as unknown as Record<symbol, unknown>)[Symbol.for('expo.builtin')] === true
  return isExpo || (!!Response && 'body' in Response.prototype)
}

/**
 * Sends requests over the given `fetch`, over the global `fetch` if it streams, or else over XMLHttpRequest.
 * @throws TypeError if there is a dispatcher
 */
export const createTransport: CreateTransport = (given) => {
  const { dispatcher, maxResponseSize = defaultMaxResponseSize } = given
  if (dispatcher != null) throwInvalid('dispatcher', dispatcher, 'usable here: it is for Node')
  if (!isNumber(maxResponseSize) || maxResponseSize < 1) throwInvalid('maxResponseSize', maxResponseSize, 'at least 1')
  if (given.fetch || doesFetchStream()) return createFetchTransport(given.fetch, sendUnchanged)
  const overXhr = createXhrTransport(maxResponseSize)
  return {
    ...overXhr,
    send(request, handler) {
      const lastEventId = request.headers.get('Last-Event-ID')
      // Android encodes the values of headers as UTF-8 itself.
      if (lastEventId) request.headers.set('Last-Event-ID', decodeByteString(lastEventId))
      // XMLHttpRequest has no cache mode 'no-store', and NSURLSession has a cache.
      if (!request.headers.has('Cache-Control')) request.headers.set('Cache-Control', 'no-cache')
      overXhr.send(request, handler)
    },
  }
}
