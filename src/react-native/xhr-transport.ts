import type { Transport, TransportHandler, TransportRequest, TransportResponse } from '../transport/transport.ts'
import { TextChunk } from './text-chunk.ts'
import { URL } from './web-api.ts'

/** What React Native's XMLHttpRequest has besides the standard's. */
interface ReactNativeXhr extends XMLHttpRequest {
  /** All that was received: `responseText` is read from it, and it grows with the stream. */
  _response?: unknown
  /** Null until the native side has told, which on iOS takes a moment; no request can be aborted before. */
  _requestId?: number | null
}

const HEADERS_RECEIVED = 2
const LOADING = 3

/** How often an abort that comes too early is tried again, and after how many ms each time. */
const maxAborts = 100
const abortInterval = 10

/** The end of an event: an empty line. */
const eventEnd = /(?:\r\n|\r|\n)(?:\r\n|\r|\n)$/
const idField = /(?:^|[\r\n])id:[^\r\n]/

function isOneShot(body: unknown): boolean {
  return typeof body === 'object' && body !== null && 'getReader' in body
}

/** The response's headers; the names come in lower case. */
function readHeaders(xhr: XMLHttpRequest): Headers {
  const headers = new Headers()
  for (const line of (xhr.getAllResponseHeaders() ?? '').split(/\r?\n/)) {
    const colon = line.indexOf(':')
    if (colon > 0) headers.append(line.slice(0, colon), line.slice(colon + 1).trim())
  }
  return headers
}

/** The body as React Native's XMLHttpRequest takes it, and the Content-Type that `fetch` would send with it. */
function encodeBody(body: TransportRequest['body']): [body: XMLHttpRequestBodyInit | null, contentType: string] {
  // Not by instanceof: the class may be one of several.
  if (Object.prototype.toString.call(body) === '[object URLSearchParams]') {
    return [`${body}`, 'application/x-www-form-urlencoded;charset=UTF-8']
  }
  // Android sends nothing without one.
  let contentType = ''
  if (typeof body === 'string') contentType = 'text/plain;charset=UTF-8'
  else if (body instanceof ArrayBuffer || ArrayBuffer.isView(body)) contentType = 'application/octet-stream'
  return [(body ?? null) as XMLHttpRequestBodyInit | null, contentType]
}

/** One request over XMLHttpRequest. It hands on text as it arrives, and keeps none of it. */
class XhrExchange {
  readonly #xhr: ReactNativeXhr = new XMLHttpRequest()
  readonly #request: TransportRequest
  readonly #handler: TransportHandler
  readonly #maxResponseSize: number
  #hasHead = false
  /** How much of `responseText` was handed on; 0 where it can be emptied instead. */
  #read = 0
  /** How many characters were handed on. */
  #received = 0

  constructor(request: TransportRequest, handler: TransportHandler, maxResponseSize: number) {
    this.#request = request
    this.#handler = handler
    this.#maxResponseSize = maxResponseSize
  }

  /** Fulfilled when the response is complete or nobody wants it any more; rejected when the connection is lost. */
  send(): Promise<void> {
    const xhr = this.#xhr
    const { url, method, headers, body, withCredentials, signal } = this.#request
    return new Promise((resolve, reject) => {
      signal.onabort = () => {
        this.#abort()
        resolve()
      }
      xhr.onreadystatechange = () => this.#advance()
      xhr.onload = () => {
        this.#readHead()
        this.#readText()
        resolve()
      }
      xhr.onerror = () => reject(this.#createError('the connection was lost, or there was none'))
      xhr.ontimeout = () => reject(this.#createError('the system gave up waiting for data'))
      xhr.open(method, url)
      // Browsers, where this is tested, too, would parse some responses as documents otherwise.
      xhr.responseType = 'text'
      // Deviation: the credentials mode is "same-origin" otherwise. React Native sends cookies unless it is told not to.
      if (withCredentials) xhr.withCredentials = true
      headers.forEach((value, name) => {
        xhr.setRequestHeader(name, value)
      })
      const [encoded, contentType] = encodeBody(body)
      if (contentType && !headers.has('Content-Type')) xhr.setRequestHeader('Content-Type', contentType)
      xhr.send(encoded)
    })
  }

  #advance(): void {
    if (this.#request.signal.aborted) return
    const { readyState } = this.#xhr
    // React Native sets `responseURL` only after this event.
    if (readyState === HEADERS_RECEIVED) queueMicrotask(() => this.#readHead())
    if (readyState === LOADING) {
      this.#readHead()
      this.#readText()
    }
  }

  #readHead(): void {
    if (this.#hasHead || this.#request.signal.aborted) return
    this.#hasHead = true
    const { status, responseURL } = this.#xhr
    const { url, redirect } = this.#request
    const headers = readHeaders(this.#xhr)
    const head: TransportResponse = {
      url: responseURL || url,
      status,
      // React Native's XMLHttpRequest has no statusText.
      statusText: '',
      headers,
      contentType: headers.get('content-type'),
    }
    if ((redirect === 'error' && isRedirected(head.url, url)) || [301, 302, 303, 307, 308].includes(status)) {
      this.#handler.refuse('redirect', 'redirect not followed', head)
    } else this.#handler.response(head)
  }

  #readText(): void {
    const xhr = this.#xhr
    if (this.#request.signal.aborted) return
    const text = xhr.responseText.slice(this.#read)
    if (typeof xhr._response === 'string') xhr._response = ''
    else this.#read += text.length
    if (!text) return
    this.#received += text.length
    // The decoder of this platform is the only one that the chunk comes to. Nothing waits for a consumer who lags: there
    // is no way to stop XMLHttpRequest from reading.
    void this.#handler.bytes(new TextChunk(text) as unknown as Uint8Array)
    if (this.#isFull(text)) this.#handler.abort?.()
  }

  /** Whether a new request should take the place of this one, and can do so without losing or repeating an event. */
  #isFull(text: string): boolean {
    return (
      this.#received > this.#maxResponseSize &&
      this.#request.method === 'GET' &&
      eventEnd.test(text) &&
      idField.test(text)
    )
  }

  /** Not from `responseText`, which React Native puts the text of the error into: it is no part of the stream. */
  #createError(message: string): TypeError {
    const { _response } = this.#xhr
    return new TypeError(typeof _response === 'string' && _response ? _response : message)
  }

  #abort(aborts = 0): void {
    const xhr = this.#xhr
    if (xhr._requestId === null && xhr.readyState === 1 && aborts < maxAborts) {
      setTimeout(() => this.#abort(aborts + 1), abortInterval)
    } else xhr.abort()
  }
}

/** Whether the response came from another address. */
function isRedirected(responseUrl: string, url: string): boolean {
  const sent = url.replace(/#.*/, '')
  return responseUrl !== sent && new URL(responseUrl).href !== new URL(sent).href
}

/**
 * A transport over XMLHttpRequest, whose text React Native delivers as it arrives.
 * @param maxResponseSize how many characters are received before another request takes over, where that loses nothing
 */
export function createXhrTransport(maxResponseSize: number): Transport {
  return async (request, handler) => {
    if (isOneShot(request.body)) {
      return handler.refuse('unsupported', 'React Native cannot send a stream: give a string, a Blob or FormData')
    }
    await new XhrExchange(request, handler, maxResponseSize).send()
  }
}
