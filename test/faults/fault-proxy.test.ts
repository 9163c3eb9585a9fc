import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { constants, gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { CutKind, FaultPlan, StreamRequest } from '../../fixtures/fault-proxy/plan.ts'
import { faultKinds, seededPlan } from '../../fixtures/fault-proxy/seeded-plan.ts'
import { type FaultProxy, startFaultProxy } from '../../fixtures/fault-proxy.ts'
import { numberedFeed } from '../../fixtures/numbered-feed.ts'
import { type HttpServer, startHttpServer } from '../http-server.ts'

/** A response without chunks, whose body ends with the connection. */
const plain: StreamRequest = { lineEnd: 'LF', version: 'HTTP/1.0', mayCompress: false }
const chunked: StreamRequest = { ...plain, version: 'HTTP/1.1' }

let feed: HttpServer
let proxy: FaultProxy

beforeEach(async () => {
  feed = await startHttpServer(numberedFeed({ reconnectionTime: 1 }))
})

afterEach(async () => {
  await proxy.close()
  await feed.close()
})

/** Starts the proxy with plans for the first requests. Further requests end cleanly after one event. */
async function start(...plans: readonly FaultPlan[]): Promise<void> {
  await startWithDowntime(100, ...plans)
}

async function startWithDowntime(downtime: number, ...plans: readonly FaultPlan[]): Promise<void> {
  const plan = (index: number): FaultPlan => plans[index] ?? { kind: 'end', events: 1, request: plain }
  proxy = await startFaultProxy({ target: feed.origin, plan, downtime })
}

/** Sends a request over a plain socket. */
function ask(headers: Readonly<Record<string, string>> = {}): Socket {
  const socket = connect({ port: Number(new URL(proxy.origin).port), host: '127.0.0.1', allowHalfOpen: true })
  const lines = Object.entries({ Host: 'feed.example', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.write(`GET /events HTTP/1.1\r\n${lines.join('')}\r\n`)
  return socket.setEncoding('latin1')
}

/** Sends a request, and returns what arrived until the connection ended, one character for each byte. */
async function answerTo(headers?: Readonly<Record<string, string>>): Promise<string> {
  const socket = ask(headers)
  try {
    return await text(socket)
  } finally {
    socket.destroy()
  }
}

const bodyOf = (answer: string): string => answer.slice(answer.indexOf('\r\n\r\n') + 4)
const bytesOf = (answer: string): Buffer => Buffer.from(answer, 'latin1')
const idsOf = (answer: string): number[] => Array.from(answer.matchAll(/^id: (\d+)/gm), ([, id]) => Number(id))
const counts = (): object => Object.fromEntries(proxy.faults)

describe('The fault proxy cuts a stream at a chosen position', () => {
  const tear = async (kind: CutKind, request: StreamRequest, headers?: Record<string, string>): Promise<string> => {
    await start({ kind, units: kind === 'tear in the head' ? 0 : 3, bytes: 20, request })
    const answer = await answerTo(headers)
    expect(counts()).toEqual({ [kind]: 1 })
    return answer
  }

  it('The proxy cuts a stream in the head', async () => {
    const answer = await tear('tear in the head', plain)
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
    expect(answer).not.toContain('\r\n\r\n')
  })

  it('The proxy cuts a stream in an event, after a number of complete ones', async () => {
    const body = bodyOf(await tear('tear in an event', plain))
    expect(body.split('\n\n')).toHaveLength(4)
    expect(body).toMatch(/\nid: 4\ndata: .+$/)
  })

  it('The proxy cuts a stream in a character', async () => {
    const body = bytesOf(bodyOf(await tear('tear in a character', plain)))
    expect(() => new TextDecoder('utf-8', { fatal: true }).decode(body)).toThrow()
    expect(new TextDecoder('utf-8', { fatal: true }).decode(body, { stream: true })).toContain('id: 4')
  })

  it('The proxy cuts a stream in a line ending', async () => {
    const body = bodyOf(await tear('tear in a line end', { ...plain, lineEnd: 'CRLF' }))
    expect(body).toMatch(/\r\n\r\nid: 4\r\n.*\r$/s)
  })

  it('The proxy cuts a stream in a chunk header', async () => {
    expect(bodyOf(await tear('tear in a chunk header', chunked))).toMatch(/\r\n[\da-f]+\r?$/)
  })

  it('The proxy cuts a stream between two chunks', async () => {
    const body = bodyOf(await tear('truncated', chunked))
    expect(body).toMatch(/\r\n$/)
    expect(body).not.toMatch(/\r\n0\r\n\r\n$/)
  })

  it('The proxy cuts a stream in a gzip block', async () => {
    const answer = await tear('tear in a gzip block', { ...plain, mayCompress: true }, { 'Accept-Encoding': 'gzip' })
    const body = bytesOf(bodyOf(answer))
    expect(() => gunzipSync(body)).toThrow('unexpected end of file')
    expect(body.subarray(-4)).not.toEqual(Buffer.from([0, 0, 0xff, 0xff]))
    expect(idsOf(gunzipSync(body, { finishFlush: constants.Z_SYNC_FLUSH }).toString())).toContain(10)
  })
})

describe('The fault proxy disturbs a connection', () => {
  /** Node treats a reset that arrives together with bytes as an end. */
  const interrupted = async (headers?: Record<string, string>): Promise<void> => {
    const answer = await answerTo(headers).catch((error: Error) => error.message)
    expect(answer).toMatch(/^id: 1$|ECONNRESET/m)
    expect(answer).not.toMatch(/^id: 2$/m)
    await expect.poll(() => proxy.openSockets).toBe(0)
  }

  it('The proxy resets a connection', async () => {
    await start({ kind: 'reset', units: 1 })
    await interrupted()
    expect(counts()).toEqual({ reset: 1 })
  })

  it('The proxy resets a connection before the response', async () => {
    await start({ kind: 'broken off' })
    await expect(answerTo()).rejects.toThrow('ECONNRESET')
    expect(counts()).toEqual({ 'broken off': 1 })
  })

  it('The proxy half-closes a connection', async () => {
    await start({ kind: 'half-close', units: 2 })
    const socket = ask()
    expect(idsOf(await text(socket))).toEqual([1, 2])
    expect(counts()).toEqual({ 'half-close': 1 })
    expect(proxy.openSockets).toBe(1)
    socket.destroy()
    await expect.poll(() => proxy.openSockets).toBe(0)
  })

  it('The proxy stops sending, which is recorded once the client has left', async () => {
    await start({ kind: 'stall', units: 2 })
    const socket = ask()
    await expect.poll(() => socket.read() ?? '').toContain('id: 2')
    expect(counts()).toEqual({})
    socket.destroy()
    await expect.poll(counts).toEqual({ stall: 1 })
  })

  it('The proxy does not answer, which is recorded once the client has left', async () => {
    await start({ kind: 'unanswered' })
    const socket = ask()
    await expect.poll(() => proxy.openSockets).toBe(1)
    expect(counts()).toEqual({})
    socket.destroy()
    await expect.poll(counts).toEqual({ unanswered: 1 })
  })

  it('The proxy refuses connections for a moment, which is recorded once the client says that it has tried', async () => {
    await startWithDowntime(5_000, { kind: 'refused', units: 1 })
    await interrupted({ Attempt: '1' })
    await expect(answerTo({ Attempt: '2' })).rejects.toThrow('ECONNREFUSED')
    expect(counts()).toEqual({})
    await expect.poll(() => answerTo({ Attempt: '3', Connection: 'close' }).catch(String)).toContain('id: 1')
    expect(counts()).toEqual({ refused: 1, end: 1 })
  })

  it('The proxy does not record a refusal if no attempt failed', async () => {
    await start({ kind: 'refused', units: 1 })
    await interrupted({ Attempt: '1' })
    await expect.poll(() => answerTo({ Attempt: '2' }).catch(String)).toContain('id: 1')
    expect(counts()).toEqual({ end: 1 })
  })

  it('The proxy records no fault for a connection that ends before the fault', async () => {
    await start({ kind: 'reset', units: 1_000_000 })
    const socket = ask()
    await expect.poll(() => socket.read() ?? '').toContain('id: 1')
    socket.destroy()
    await expect.poll(() => proxy.openSockets).toBe(0)
    expect(counts()).toEqual({})
  })
})

describe('The fault proxy changes a response', () => {
  it('The proxy ends a response, and sends the next one over the same connection', async () => {
    await start({ kind: 'end', events: 2, request: chunked })
    const socket = ask()
    await expect.poll(() => socket.read() ?? '').toMatch(/\r\n0\r\n\r\n$/)
    expect(counts()).toEqual({ end: 1 })
    socket.write('GET /events HTTP/1.1\r\nHost: feed.example\r\nLast-Event-ID: 2\r\n\r\n')
    expect(idsOf(await text(socket))).toEqual([3])
    expect(counts()).toEqual({ end: 2 })
  })

  it('The proxy sends a response byte by byte', async () => {
    await start({ kind: 'drip', events: 3, request: plain })
    const socket = ask()
    let pieces = 0
    socket.on('data', () => pieces++)
    expect(idsOf(await text(socket))).toEqual([1, 2, 3])
    // Several bytes may arrive in one piece.
    expect(pieces).toBeGreaterThan(20)
    expect(counts()).toEqual({ drip: 1, end: 1 })
  })

  it('The proxy sends garbage before a response', async () => {
    await start({ kind: 'garbage', events: 1, request: plain })
    expect(await answerTo()).toMatch(/^\0.+\r\n\r\nHTTP\/1\.1 200 OK\r\n/s)
    expect(counts()).toEqual({ garbage: 1, end: 1 })
  })

  it('The proxy sends a response with a huge header', async () => {
    await start({ kind: 'huge header', events: 1, request: plain })
    const answer = await answerTo()
    expect(answer.indexOf('\r\n\r\n')).toBeGreaterThan(1_048_576)
    expect(idsOf(bodyOf(answer))).toEqual([1])
    expect(counts()).toEqual({ 'huge header': 1, end: 1 })
  })

  it('The proxy sends events again that the client has received, and records it', async () => {
    await start(
      { kind: 'redelivery', events: 2, redelivered: 3, request: plain },
      { kind: 'redelivery', events: 2, redelivered: 30, request: plain },
      { kind: 'redelivery', events: 2, redelivered: 3, request: plain },
    )
    expect(idsOf(await answerTo({ 'Last-Event-ID': '10' }))).toEqual([8, 9, 10, 11, 12])
    expect(idsOf(await answerTo({ 'Last-Event-ID': '2' }))).toEqual([1, 2, 3, 4])
    // A client without a last event ID cannot receive events again.
    expect(idsOf(await answerTo())).toEqual([1, 2])
    expect(counts()).toEqual({ redelivery: 2, end: 3 })
    expect(proxy.redeliveries).toEqual([
      { asked: 10, given: 7 },
      { asked: 2, given: 0 },
    ])
  })

  it('The proxy sends several statuses of 500 and more in a row, which is one fault', async () => {
    await start({ kind: 'unavailable', statuses: [503, 500] })
    const socket = ask()
    await expect.poll(() => socket.read() ?? '').toMatch(/^HTTP\/1\.1 503 /)
    expect(counts()).toEqual({})
    socket.write('GET /events HTTP/1.1\r\nHost: feed.example\r\n\r\n')
    await expect.poll(() => socket.read() ?? '').toMatch(/^HTTP\/1\.1 500 /)
    expect(counts()).toEqual({ unavailable: 1 })
    socket.destroy()
  })
})

describe('A seeded plan decides on the faults', () => {
  const first = Array.from({ length: 200 }, (_, index) => index)

  it('A seeded plan is the same for the same seed, in any order of requests', () => {
    fc.assert(
      fc.property(fc.nat(), fc.shuffledSubarray(first), (seed, order) => {
        const whole = first.map(seededPlan(seed, 100))
        expect(order.map(seededPlan(seed, 100))).toEqual(order.map((index) => whole[index]))
      }),
      { numRuns: 20 },
    )
  })

  it('A seeded plan has every kind of fault in each round', () => {
    for (let seed = 0; seed < 20; seed++) {
      expect(new Set(first.slice(0, 50).map((index) => seededPlan(seed, 100)(index).kind)).size).toBe(faultKinds.length)
    }
  })

  it('A seeded plan differs from seed to seed', () => {
    expect(first.map(seededPlan(1, 100))).not.toEqual(first.map(seededPlan(2, 100)))
  })
})
