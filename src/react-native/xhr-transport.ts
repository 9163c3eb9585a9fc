import { nextMicrotask } from '../microtask.ts'
import type { Transport, TransportHandler, TransportRequest, TransportResponse } from '../transport/transport.ts'
import { TextChunk } from './text-chunk.ts'
import { URL } from './web-api.ts'

/** React Native's XMLHttpRequest, with the members that the standard's lacks. */
interface ReactNativeXhr extends XMLHttpRequest {
  /** The text received so far, which `responseText` returns and which grows with the stream. */
  _response?: unknown
  /** The request's number; null until the native side reports it. The request cannot be aborted before that. */
  _requestId?: number | null
}

const HEADERS_RECEIVED = 2
const LOADING = 3

/** The maximum number of retries of an abort that comes too early. */
const maxAbortRetries = 100

/** The time between two retries of an abort, in ms. */
const abortRetryInterval = 10

/** Matches text that ends with the end of an event: an empty line. */
const eventEnd = /(?:\r\n|\r|\n)(?:\r\n|\r|\n)$/
/** Matches text with a field `id` that is not empty. */
const idField = /(?:^|[\r\n])id:[^\r\n]/

function isOneShot(body: unknown): boolean {
  return typeof body === 'object' && body !== null && 'getReader' in body
}

/** The headers of the response. Their names are in lower case. */
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
  // This does not use instanceof, because there may be several such classes.
  if (Object.prototype.toString.call(body) === '[object URLSearchParams]') {
    return [`${body}`, 'application/x-www-form-urlencoded;charset=UTF-8']
  }
  // Android sends nothing without one.
  let contentType = ''
  if (typeof body === 'string') contentType = 'text/plain;charset=UTF-8'
  else if (body instanceof ArrayBuffer || ArrayBuffer.isView(body)) contentType = 'application/octet-stream'
  return [(body ?? null) as XMLHttpRequestBodyInit | null, contentType]
}

/** One request over XMLHttpRequest. It delivers text as it arrives, and keeps none of it. */
class XhrExchange {
  readonly #xhr: ReactNativeXhr = new XMLHttpRequest()
  readonly #request: TransportRequest
  readonly #handler: TransportHandler
  readonly #maxResponseSize: number
  /** Whether the response head was reported. */
  #hasHead = false
  /** The number of characters of `responseText` that were delivered; 0 if the text is emptied instead. */
  #offset = 0
  /** The number of characters delivered so far. */
  #received = 0

  constructor(request: TransportRequest, handler: TransportHandler, maxResponseSize: number) {
    this.#request = request
    this.#handler = handler
    this.#maxResponseSize = maxResponseSize
  }

  send(): void {
    const xhr = this.#xhr
    const { url, method, headers, body, withCredentials, signal } = this.#request
    signal.onabort = () => this.#abort()
    xhr.onreadystatechange = () => this.#advance()
    xhr.onload = () => {
      this.#readHead()
      this.#readText()
      this.#handler.end()
    }
    xhr.onerror = () => this.#handler.fail(this.#createError('the connection was lost, or there was none'))
    xhr.ontimeout = () => this.#handler.fail(this.#createError('the system gave up waiting for data'))
    xhr.open(method, url)
    // Otherwise browsers, where this class is also tested, would parse some responses as documents.
    xhr.responseType = 'text'
    // Deviation: the credentials mode is "same-origin" otherwise. React Native sends cookies unless it is told not to.
    if (withCredentials) xhr.withCredentials = true
    headers.forEach((value, name) => {
      xhr.setRequestHeader(name, value)
    })
    const [encoded, contentType] = encodeBody(body)
    if (contentType && !headers.has('Content-Type')) xhr.setRequestHeader('Content-Type', contentType)
    xhr.send(encoded)
  }

  #advance(): void {
    if (this.#request.signal.aborted) return
    const { readyState } = this.#xhr
    // React Native sets `responseURL` only after this event.
    if (readyState === HEADERS_RECEIVED) void nextMicrotask().then(() => this.#readHead())
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
      header: (name) => headers.get(name),
    }
    if ((redirect === 'error' && isRedirected(head.url, url)) || [301, 302, 303, 307, 308].includes(status)) {
      this.#handler.refuse('redirect', 'redirect not followed', head)
    } else this.#handler.response(head)
  }

  #readText(): void {
    const xhr = this.#xhr
    if (this.#request.signal.aborted) return
    const text = xhr.responseText.slice(this.#offset)
    if (typeof xhr._response === 'string') xhr._response = ''
    else this.#offset += text.length
    if (!text) return
    this.#received += text.length
    // Only this platform's decoder reads the chunk. The transport does not wait for a consumer that lags, because
    // XMLHttpRequest cannot be paused.
    void this.#handler.bytes(new TextChunk(text) as unknown as Uint8Array)
    if (this.#shouldBeReplaced(text)) this.#handler.abort?.()
  }

  /** Whether this request should be replaced by a new one, and can be without losing or repeating an event. */
  #shouldBeReplaced(text: string): boolean {
    return (
      this.#received > this.#maxResponseSize &&
      this.#request.method === 'GET' &&
      eventEnd.test(text) &&
      idField.test(text)
    )
  }

  /** Creates an error with the text that React Native stores in place of the response, which is not part of the stream. */
  #createError(message: string): TypeError {
    const { _response } = this.#xhr
    return new TypeError(typeof _response === 'string' && _response ? _response : message)
  }

  /** Aborts the request as soon as it has a number. */
  #abort(retries = 0): void {
    const xhr = this.#xhr
    if (xhr._requestId === null && xhr.readyState === 1 && retries < maxAbortRetries) {
      setTimeout(() => this.#abort(retries + 1), abortRetryInterval)
    } else xhr.abort()
  }
}

/** Whether the response came from another URL than the request was sent to. */
function isRedirected(responseUrl: string, url: string): boolean {
  const sent = url.replace(/#.*/, '')
  return responseUrl !== sent && new URL(responseUrl).href !== new URL(sent).href
}

/**
 * A transport over XMLHttpRequest, whose text React Native delivers as it arrives.
 * @param maxResponseSize the number of characters after which another request replaces this one, if that loses no event
 */
export function createXhrTransport(maxResponseSize: number): Transport {
  return {
    runInContext: (callback) => callback(),
    send(request, handler) {
      if (isOneShot(request.body)) {
        handler.refuse('unsupported', 'React Native cannot send a stream: pass a string, a Blob or FormData')
      } else new XhrExchange(request, handler, maxResponseSize).send()
    },
  }
}
