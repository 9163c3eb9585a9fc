import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { type Duplex, Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { constants, createBrotliCompress, createDeflate, createDeflateRaw, createGzip } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EventSource } from '../../src/event-source.ts'
import { acceptedCodings, createDecoders, readCodings } from '../../src/node/content-coding.ts'
import type { TransportHandler } from '../../src/transport/transport.ts'
import { exchange } from '../transport/exchange.ts'
import { createRequest, record, textOf } from '../transport/record.ts'
import { serve } from '../transport/serve.ts'
import { overNode } from '../transport/transports.ts'
import { stalls } from './stalls.ts'

// zstd is tested in a version of Node that has it, in test/package/zstd.test.ts. All encoders use a fast level.
const encoders = {
  gzip: () => createGzip({ level: 1 }),
  'x-gzip': () => createGzip({ level: 1 }),
  deflate: () => createDeflate({ level: 1 }),
  'deflate, raw': () => createDeflateRaw({ level: 1 }),
  br: () => createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: 1 } }),
}
type Encoding = keyof typeof encoders
const encodings = Object.keys(encoders) as Encoding[]

const codingOf = (encoding: Encoding): string => encoding.replace(', raw', '')

async function encode(encoding: Encoding, bytes: Uint8Array): Promise<Uint8Array> {
  const encoder = encoders[encoding]()
  encoder.end(bytes)
  return await buffer(encoder)
}

describe('The header Content-Encoding names codings', () => {
  it.each([
    [null, []],
    ['', []],
    ['gzip', ['gzip']],
    [' GZip ', ['gzip']],
    ['x-gzip', ['x-gzip']],
    ['gzip, br', ['br', 'gzip']],
    ['gzip,br,,deflate', ['deflate', 'br', 'gzip']],
    ['gzip, gzip, gzip, gzip, gzip', ['gzip', 'gzip', 'gzip', 'gzip', 'gzip']],
    ['identity', []],
    ['identity, gzip', ['gzip']],
    ['none', []],
    ['utf-8', []],
    ['gzip, unknown', []],
    ['constructor', []],
  ])('%j is read as the codings to decode in reverse order, or as none if one is unknown', (value, codings) => {
    expect(readCodings(value)).toEqual(codings)
  })

  it.each(['compress', 'X-Compress', 'dcb', 'dcz', 'gzip, compress', 'compress, unknown'])(
    '%j is an error that names the coding that cannot be decoded',
    (value) => {
      const coding = /(x-)?compress|dc./.exec(value.toLowerCase())?.[0]
      expect(() => readCodings(value)).toThrow(`the content coding of the response, ${coding}, cannot be decoded here`)
    },
  )

  it('More than five codings are an error', () => {
    expect(() => readCodings('gzip, gzip, gzip, gzip, gzip, gzip')).toThrow('6 content codings, more than 5')
    expect(() => readCodings(Array(1_000).fill('unknown').join())).toThrow('1000 content codings')
  })
})

it('Accept-Encoding lists what this version of Node can decode', () => {
  expect(acceptedCodings).toMatch(/^gzip, deflate, br(, zstd)?$/)
})

describe('Decoders decode the content codings', () => {
  /** Splits bytes at these positions, given as fractions of the length. */
  const cut = (bytes: Uint8Array, places: readonly number[]): Uint8Array[] => {
    const at = [0, ...places.map((place) => Math.floor(place * bytes.length)).toSorted((a, b) => a - b), bytes.length]
    return at.slice(1).map((end, index) => bytes.subarray(at[index], end))
  }

  it('Decoders decode any codings, however the bytes are split', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 2_000, size: 'max' }),
        fc.array(fc.constantFrom(...encodings.filter((encoding) => encoding !== 'deflate, raw')), { maxLength: 3 }),
        fc.constantFrom(...encodings),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 20 }),
        async (bytes, inner, last, places) => {
          let encoded: Uint8Array = bytes
          for (const encoding of [...inner, last]) encoded = await encode(encoding, encoded)
          const chunks = cut(encoded, places).filter(({ length }) => length)
          const streams = createDecoders([...inner, last].map(codingOf).toReversed(), chunks[0]?.[0] ?? 0)
          expect(streams).toHaveLength(inner.length + 1)
          const decoded = buffer(streams.at(-1) as Duplex)
          for (const chunk of chunks) streams[0]?.write(chunk)
          streams[0]?.end()
          expect([...new Uint8Array(await decoded)]).toEqual([...bytes])
        },
      ),
      { numRuns: 100 },
    )
  })
})

describe('A response in a coding that cannot be decoded is not parsed as events', () => {
  it('An EventSource closes with reason unsupported, and the message names the coding', async () => {
    const origin = await serve((_, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Content-Encoding': 'compress' })
      response.write('data: encoded\n\n')
    })
    const source = new EventSource(origin)
    const messages: unknown[] = []
    source.onmessage = ({ data }) => messages.push(data)
    const [error] = await once(source as never, 'error')
    expect(error).toMatchObject({ reason: 'unsupported', willReconnect: false, status: undefined })
    expect(error.message).toMatch(/^the content coding of the response, compress, cannot be decoded here: .* gzip, /)
    expect(source.readyState).toBe(EventSource.CLOSED)
    expect(messages).toEqual([])
  })

  it('A response that is refused for its status is reported with its status', async () => {
    const origin = await serve((_, response) => {
      response.writeHead(503, { 'Content-Encoding': 'compress' }).end('busy')
    })
    const [error] = await once(new EventSource(origin) as never, 'error')
    expect(error).toMatchObject({ reason: 'status', status: 503 })
  })

  it.each(['none', 'utf-8', 'identity'])('A response with Content-Encoding: %s is read unchanged', async (coding) => {
    const origin = await serve((_, response) => {
      response.writeHead(200, { 'Content-Encoding': coding }).end('as it is')
    })
    expect(textOf(await record(overNode(), createRequest(origin)))).toBe('as it is')
  })
})

describe('A compressed body is decompressed', () => {
  /** Sends a request and passes its body to `bytes`. */
  const listen = (url: string, bytes: TransportHandler['bytes']): Promise<void> =>
    exchange(overNode(), createRequest(url), { response() {}, bytes, refuse() {} })

  const combinations: readonly (readonly Encoding[])[] = [
    ...encodings.map((one) => [one]),
    ['br', 'gzip'],
    ['gzip', 'deflate', 'br'],
  ]

  interface EncodedResponse {
    write(text: string): void
    end(): void
  }

  /** Compresses each text that is written to a response and flushes it at once. */
  function encodeResponse(response: ServerResponse, combination: readonly Encoding[]): EncodedResponse {
    response.setHeader('Content-Encoding', combination.map(codingOf).join(', '))
    return combination.reduceRight<EncodedResponse>((next, encoding) => {
      const encoder = encoders[encoding]()
      encoder.on('data', (chunk) => next.write(chunk)).on('end', () => next.end())
      return {
        write(text) {
          encoder.write(text)
          encoder.flush()
        },
        end: () => void encoder.end(),
      }
    }, response)
  }

  it.each(combinations.map((combination) => [combination.join(' in '), combination] as const))(
    'A body compressed with %s is decompressed event by event, before the next is written',
    async (_name, combination) => {
      let encoded: EncodedResponse | undefined
      const origin = await serve((_, response) => {
        encoded = encodeResponse(response, combination)
        encoded.write('event 0')
      })
      const events: string[] = []
      await listen(origin, (chunk) => {
        events.push(`${Buffer.from(chunk)}`)
        if (events.length < 5) encoded?.write(`event ${events.length}`)
        else encoded?.end()
        return undefined
      })
      expect(events).toEqual(['event 0', 'event 1', 'event 2', 'event 3', 'event 4'])
    },
  )

  it.each([
    ['an unknown coding', 'made-up'],
    ['several codings with an unknown one', 'gzip, made-up'],
    ['no coding', 'identity'],
  ])('A body with %s is passed on unchanged', async (_name, coding) => {
    const origin = await serve((_, response) => {
      response.writeHead(200, { 'Content-Encoding': coding }).end('as it is')
    })
    expect(textOf(await record(overNode(), createRequest(origin)))).toBe('as it is')
  })

  it('A body with more than five codings loses the connection', async () => {
    const closed: Promise<unknown>[] = []
    const origin = await serve((_, response) => {
      closed.push(once(response, 'close'))
      response.writeHead(200, { 'Content-Encoding': 'gzip,gzip,gzip,gzip,gzip,gzip' }).write('a')
    })
    await expect(listen(origin, () => undefined)).rejects.toThrow('6 content codings, more than 5')
    await Promise.all(closed)
  })

  it.each([
    ['before compression', () => encode('gzip', new Uint8Array())],
    ['as sent', () => ''],
  ])('A compressed body that is empty %s is delivered as an empty body', async (_name, create) => {
    const body = await create()
    const origin = await serve((_, response) => {
      response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(body)
    })
    expect(textOf(await record(overNode(), createRequest(origin)))).toBe('')
  })

  const losses = {
    'cut off': (response: ServerResponse) => response.destroy(),
    'complete around incomplete compressed data': (response: ServerResponse) => response.end(),
    'followed by bytes that are not compressed': (response: ServerResponse) =>
      response.write('\xff'.repeat(100), 'latin1'),
  }
  it.each(
    Object.entries(losses).flatMap(([how, lose]) =>
      combinations.map((one) => [how, one.join(' in '), lose, one] as const),
    ),
  )('A body that is %s, compressed with %s, is reported so far and loses the connection', async (...given) => {
    const [, , lose, combination] = given
    let answered: ServerResponse | undefined
    const closed: Promise<unknown>[] = []
    const origin = await serve((_, response) => {
      answered = response
      closed.push(once(response, 'close'))
      encodeResponse(response, combination).write('an event')
    })
    const chunks: string[] = []
    const sent = listen(origin, (chunk) => {
      chunks.push(`${Buffer.from(chunk)}`)
      if (answered) lose(answered)
      return undefined
    })
    await expect(sent).rejects.toThrow()
    expect(chunks).toEqual(['an event'])
    await Promise.all(closed)
  })

  it.each(encodings)(
    'The message about a body in %s says whether the compressed data was cut off or damaged',
    async (encoding) => {
      const encoded = await encode(encoding, Buffer.from('an event'.repeat(100)))
      const origin = await serve(({ url }, response) => {
        response.setHeader('Content-Encoding', codingOf(encoding))
        response.end(url === '/cut' ? encoded.subarray(0, -5) : 'not compressed')
      })
      const coding = codingOf(encoding)
      await expect(record(overNode(), createRequest(`${origin}/cut`))).rejects.toThrow(
        `the compressed response was cut off: it ended before the end of its ${coding} data`,
      )
      await expect(record(overNode(), createRequest(`${origin}/damaged`))).rejects.toThrow(
        `the compressed response cannot be decoded as ${coding}: `,
      )
    },
  )

  it('A body with bytes after the end of the compressed data ends, and the connection is closed', async () => {
    const closed: Promise<unknown>[] = []
    const origin = await serve(async (_, response) => {
      closed.push(once(response, 'close'))
      response.setHeader('Content-Encoding', 'deflate')
      response.write(await encode('deflate', Buffer.from('all of it')))
      response.write('and more')
    })
    expect(textOf(await record(overNode(), createRequest(origin)))).toBe('all of it')
    await Promise.all(closed)
    expect(closed).toHaveLength(1)
  })

  it('A compressed body is not read while its consumer lags', async () => {
    const total = 16 * 1_024 * 1_024
    const chunk = new Uint8Array(65_536)
    let sent = 0
    let isEnough = false
    const origin = await serve((_, response) => {
      response.setHeader('Content-Encoding', 'gzip')
      const source = Readable.from(
        (function* () {
          for (; sent < total && !isEnough; sent += chunk.length) yield chunk
        })(),
        { objectMode: false },
      )
      // This level does not reduce the size and takes almost no time.
      source.pipe(createGzip({ level: constants.Z_NO_COMPRESSION })).pipe(response)
    })
    let resume = (): void => {}
    const paused = new Promise<void>((resolve) => {
      resume = resolve
    })
    let received = 0
    const done = listen(origin, (bytes) => {
      received += bytes.length
      return paused
    })
    await stalls(() => sent)
    expect(sent).toBeLessThan(total)
    expect(received).toBeLessThanOrEqual(65_536)
    isEnough = true
    resume()
    await done
    expect(received).toBe(sent)
  })

  it('A decompression bomb is decompressed no faster than it is read', async () => {
    const bomb = await encode('gzip', Buffer.alloc(32 * 1_024 * 1_024))
    const origin = await serve((_, response) => {
      response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(bomb)
    })
    const controller = new AbortController()
    let received = 0
    const sent = exchange(overNode(), createRequest(origin, { signal: controller.signal }), {
      response() {},
      bytes(bytes) {
        received += bytes.length
        return new Promise(() => {})
      },
      refuse() {},
    })
    await stalls(() => received)
    expect(received).toBeLessThanOrEqual(65_536)
    controller.abort()
    await expect(sent).rejects.toThrow()
  })
})
