import { type ClientRequest, type IncomingMessage, request as sendRequest } from 'node:http'
import type { Readable } from 'node:stream'
import { constants, createGunzip } from 'node:zlib'
import type { NativeRequest } from './messages.ts'
import { androidDecoder, type ChunkDecoder, charsetOf, iosDecoder } from './text-decoders.ts'

export type Platform = 'android' | 'ios'

/** Has React Native's JavaScript receive an event of the networking module. */
export type EmitEvent = (type: string, values: readonly unknown[]) => void

interface PlatformBehavior {
  readonly createDecoder: (charset: string) => ChunkDecoder
  /** The maximum size of a chunk that is passed to JavaScript, in bytes. */
  readonly maxChunk: number
  /** The platform's message for a lost connection. */
  readonly lost: string
  readonly tooManyRedirects: string
}

const behaviors: Readonly<Record<Platform, PlatformBehavior>> = {
  android: {
    createDecoder: androidDecoder,
    maxChunk: 8_192,
    lost: 'unexpected end of stream',
    tooManyRedirects: 'Too many follow-up requests: 21',
  },
  ios: {
    createDecoder: iosDecoder,
    maxChunk: 65_536,
    lost: 'The network connection was lost.',
    tooManyRedirects: 'too many HTTP redirects',
  },
}

const maxRedirects = 20
const redirects = new Set([301, 302, 303, 307, 308])

/** Both platforms encode and decode the text of a header as UTF-8. */
function toBytes(text: string): string {
  return Buffer.from(text).toString('latin1')
}

function fromBytes(text: string): string {
  return Buffer.from(text, 'latin1').toString()
}

/** Undefined where the platforms do not follow, but hand the response on. */
function resolveLocation(location: string | undefined, base: string): URL | undefined {
  if (location === undefined || !URL.canParse(fromBytes(location), base)) return undefined
  const url = new URL(fromBytes(location), base)
  return /^https?:$/.test(url.protocol) ? url : undefined
}

function headersOf(response: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [name, values = []] of Object.entries(response.headersDistinct)) {
    headers[name] = fromBytes(values.join(', '))
  }
  return headers
}

/**
 * A mock of React Native's native networking module, which only devices have (OkHttp on Android, NSURLSession on iOS). Its
 * behaviour is that of the sources in the package `react-native`.
 */
export class Networking {
  readonly #behavior: PlatformBehavior
  readonly #platform: Platform
  readonly #emit: EmitEvent
  readonly #requests = new Map<number, ClientRequest>()
  #isSuspended = false
  readonly #held: (() => void)[] = []

  constructor(platform: Platform, emit: EmitEvent) {
    this.#platform = platform
    this.#behavior = behaviors[platform]
    this.#emit = emit
  }

  send(request: NativeRequest): void {
    const { data, headers, method } = request
    const hasBody = !/^(get|head)$/i.test(method) && (data.string !== undefined || data.base64 !== undefined)
    const hasContentType = headers.some(([name]) => name.toLowerCase() === 'content-type')
    if (this.#platform === 'android' && hasBody && !hasContentType) {
      this.#fail(request.id, 'Payload is set but no content-type header specified')
      return
    }
    const body = data.base64 === undefined ? Buffer.from(data.string ?? '') : Buffer.from(data.base64, 'base64')
    this.#follow(request, new Map(headers), hasBody ? body : undefined, maxRedirects)
  }

  abort(id: number): void {
    this.#requests.get(id)?.destroy()
    this.#requests.delete(id)
  }

  /** Suspends the app, as the system does: no event reaches JavaScript until `resume`. */
  suspend(): void {
    this.#isSuspended = true
  }

  resume(): void {
    this.#isSuspended = false
    for (const deliver of this.#held.splice(0)) deliver()
  }

  /** Cuts every connection, as the system does with those of an app in the background. */
  cutConnections(): void {
    for (const request of this.#requests.values()) request.destroy(new Error(this.#behavior.lost))
  }

  close(): void {
    for (const request of this.#requests.values()) request.destroy()
    this.#requests.clear()
  }

  #follow(request: NativeRequest, headers: Map<string, string>, body: Buffer | undefined, remaining: number): void {
    const { id, url, method } = request
    let outgoing: ClientRequest
    try {
      outgoing = sendRequest(url, {
        method,
        agent: false,
        headers: {
          'Accept-Encoding': 'gzip',
          ...(body && { 'Content-Length': body.length }),
          ...Object.fromEntries([...headers].map(([name, value]) => [name, toBytes(value)])),
        },
      })
    } catch (error) {
      this.#fail(id, (error as Error).message)
      return
    }
    this.#requests.set(id, outgoing)
    outgoing.on('error', () => this.#fail(id, this.#behavior.lost, outgoing))
    outgoing.on('response', (response) => {
      const { statusCode = 0, headers: given } = response
      const next = redirects.has(statusCode) ? resolveLocation(given.location, url) : undefined
      if (next === undefined) {
        this.#receive(request, outgoing, response)
        return
      }
      response.resume()
      if (remaining === 0) {
        this.#fail(id, this.#behavior.tooManyRedirects, outgoing)
        return
      }
      const becomesGet = statusCode === 303 || (statusCode < 303 && method === 'POST')
      const kept = new Map(headers)
      // Other secrets follow.
      if (next.origin !== new URL(url).origin) kept.delete('authorization')
      if (becomesGet) kept.delete('content-type')
      this.#follow(
        { ...request, url: next.href, method: becomesGet ? 'GET' : method },
        kept,
        becomesGet ? undefined : body,
        remaining - 1,
      )
    })
    outgoing.end(body)
  }

  #receive(request: NativeRequest, outgoing: ClientRequest, response: IncomingMessage): void {
    const { id, url, responseType } = request
    // Only text is delivered as it arrives.
    const isIncremental = request.isIncremental && responseType === 'text'
    const headers = headersOf(response)
    const isCompressed = headers['content-encoding'] === 'gzip'
    const body: Readable = isCompressed ? response.pipe(createGunzip({ flush: constants.Z_SYNC_FLUSH })) : response
    const decode = this.#behavior.createDecoder(charsetOf(headers['content-type']))
    let collected = Buffer.alloc(0)
    let received = 0
    this.#deliver(outgoing, 'didReceiveNetworkResponse', [id, response.statusCode, headers, url])
    body.on('data', (chunk: Buffer) => {
      if (!isIncremental) collected = Buffer.concat([collected, chunk])
      for (let start = 0; isIncremental && start < chunk.length; start += this.#behavior.maxChunk) {
        const part = chunk.subarray(start, start + this.#behavior.maxChunk)
        received += part.length
        const text = decode(part)
        if (text !== undefined) {
          this.#deliver(outgoing, 'didReceiveNetworkIncrementalData', [id, text, received, -1])
        }
      }
    })
    response.on('aborted', () => this.#fail(id, this.#behavior.lost, outgoing))
    body.on('error', () => this.#fail(id, this.#behavior.lost, outgoing))
    body.on('end', () => {
      if (!isIncremental)
        this.#deliver(outgoing, 'didReceiveNetworkData', [
          id,
          collected.toString(responseType === 'text' ? 'utf8' : 'base64'),
        ])
      this.#deliver(outgoing, 'didCompleteNetworkResponse', [id, null, false])
      if (this.#requests.get(id) === outgoing) this.#requests.delete(id)
    })
  }

  #fail(id: number, message: string, outgoing?: ClientRequest): void {
    if (outgoing && this.#requests.get(id) !== outgoing) return
    this.#requests.delete(id)
    this.#hold(() => this.#emit('didCompleteNetworkResponse', [id, message, false]))
  }

  #deliver(outgoing: ClientRequest, type: string, values: readonly unknown[]): void {
    // An aborted request reports no further event.
    if (this.#requests.get(values[0] as number) === outgoing) this.#hold(() => this.#emit(type, values))
  }

  #hold(deliver: () => void): void {
    if (this.#isSuspended) this.#held.push(deliver)
    else deliver()
  }
}
