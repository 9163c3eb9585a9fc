import type { Duplex } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { createBrotliCompress, createGzip, gzipSync } from 'node:zlib'
import { beforeEach, describe, expect, it } from 'vitest'
import { ResponseBody } from '../../src/node/response-body.ts'

/** Keeps the thread busy. */
function work(milliseconds: number): void {
  const end = performance.now() + milliseconds
  while (performance.now() < end);
}

interface Recorded {
  readonly body: ResponseBody
  /** What the consumer has got, in order: the bytes, and what it was told at the end. */
  readonly received: string[]
  readonly ended: Promise<void>
  /** How often the source was paused or resumed. */
  readonly source: { pauses: number; resumes: number }
}

/** A body whose consumer works for a while on everything that it gets. */
function recordBody(
  milliseconds: number,
  bytes?: () => Promise<void> | undefined,
  codings: readonly string[] = [],
): Recorded {
  const received: string[] = []
  const source = {
    pauses: 0,
    resumes: 0,
    pause: () => source.pauses++,
    resume: () => source.resumes++,
  }
  let end: () => void
  const ended = new Promise<void>((resolve) => {
    end = resolve
  })
  const consumer = {
    bytes(chunk: Uint8Array) {
      work(milliseconds)
      received.push(`${chunk}`)
      return bytes?.()
    },
    finish(error?: Error) {
      received.push(error ? `error: ${error.message}` : 'end')
      end()
    },
  }
  return { body: new ResponseBody(codings, consumer, source), received, ended, source }
}

const size = 8_192
const chunks = Array.from({ length: 50 }, (_, index) => Buffer.from(`${index} `.padEnd(size, 'x')))
const text = chunks.join('')

describe('A body that takes long is delivered over several turns of the event loop', () => {
  it('Timers and other sockets get their turn before a flood ends, and everything arrives in order', async () => {
    const { body, received, ended, source } = recordBody(1)
    for (const chunk of chunks) body.write(chunk)
    body.end()
    await nextTurn()
    expect(received.length).toBeLessThan(chunks.length)
    await ended
    expect(received.join('')).toBe(`${text}end`)
    expect(source.pauses).toBe(0)
  })

  it('The source is paused until the next turn, and resumed after it', async () => {
    const { body, received, source } = recordBody(1)
    for (const chunk of chunks) body.write(chunk)
    while (received.length < chunks.length) await nextTurn()
    expect(source.pauses).toBeGreaterThan(0)
    expect(source.resumes).toBe(1)
  })

  it('One large chunk is delivered in parts', async () => {
    const { body, received, ended } = recordBody(2)
    const bytes = Buffer.alloc(200_000, 'x')
    body.write(bytes)
    body.end()
    await nextTurn()
    expect(received.join('').length).toBeLessThan(bytes.length)
    await ended
    expect(received.join('')).toBe(`${bytes}end`)
  })

  it('An error is reported after everything that arrived before it', async () => {
    const { body, received, ended } = recordBody(1)
    for (const chunk of chunks) body.write(chunk)
    body.fail(new Error('reset'))
    expect(received).not.toContain('error: reset')
    await ended
    expect(received.join('')).toBe(`${text}error: reset`)
  })

  it('Bodies that arrive together share the turns, and none is left out', async () => {
    const bodies = chunks.map(() => recordBody(1))
    for (const { body } of bodies) {
      body.write(Buffer.from('a'))
      body.end()
    }
    await nextTurn()
    expect(bodies.some(({ received }) => received.length === 0)).toBe(true)
    await Promise.all(bodies.map(({ ended }) => ended))
    for (const { received } of bodies) expect(received).toEqual(['a', 'end'])
  })
})

describe('Small chunks that arrive together are delivered together', () => {
  // What earlier tests did takes the time of this turn.
  beforeEach(() => nextTurn())

  it('All of one read is one delivery, in order, before its end', async () => {
    const { body, received, ended } = recordBody(0)
    for (const text of ['a', 'b', 'c']) body.write(Buffer.from(text))
    expect(received).toEqual([])
    await Promise.resolve()
    expect(received).toEqual(['abc'])
    for (const text of ['d', 'e']) body.write(Buffer.from(text))
    body.end()
    await ended
    expect(received).toEqual(['abc', 'de', 'end'])
  })

  it('A large chunk in between keeps its place', async () => {
    const { body, received, ended } = recordBody(0)
    const large = 'x'.repeat(5_000)
    for (const text of ['a', large, 'b']) body.write(Buffer.from(text))
    body.fail(new Error('reset'))
    await ended
    expect(received.join('')).toBe(`a${large}berror: reset`)
  })

  it('Compressed chunks are decoded together', async () => {
    const { body, received, ended } = recordBody(0, undefined, ['gzip'])
    for (const byte of gzipSync('data: 1')) body.write(Buffer.of(byte))
    body.end()
    await ended
    expect(received.join('')).toBe('data: 1end')
  })

  it('Nothing is delivered after the body is destroyed', async () => {
    const { body, received } = recordBody(0)
    body.write(Buffer.from('a'))
    body.destroy()
    await nextTurn()
    expect(received).toEqual([])
  })
})

describe('A compressed body that breaks off is delivered up to the break', () => {
  const text = Array.from({ length: 3_000 }, (_, index) => `data: ${index}\n\n`).join('')

  it.each<[string, () => Duplex, string]>([
    ['gzip', createGzip, 'gzip'],
    ['Brotli', createBrotliCompress, 'br'],
  ])('Data that was flushed with %s is delivered before the error', async (_, create, coding) => {
    const encoder = create()
    const encoded: Buffer[] = []
    encoder.on('data', (chunk: Buffer) => encoded.push(chunk))
    encoder.write(text)
    await new Promise<void>((resolve) => (encoder as unknown as { flush(done: () => void): void }).flush(resolve))
    for (const isLagging of [false, true]) {
      let catchUp = (): void => {}
      const ready = new Promise<void>((resolve) => {
        catchUp = resolve
      })
      const { body, received, ended } = recordBody(0, () => (isLagging ? ready : undefined), [coding])
      body.write(Buffer.concat(encoded))
      body.fail(new Error('reset'))
      await nextTurn()
      catchUp()
      await ended
      expect(received.join('')).toBe(`${text}error: reset`)
    }
  })
})

describe('A body that is destroyed delivers nothing more', () => {
  it('Data that waits for the next turn is not delivered', async () => {
    const { body, received } = recordBody(1)
    for (const chunk of chunks) body.write(chunk)
    const before = received.length
    body.destroy()
    await nextTurn()
    await nextTurn()
    expect(received).toHaveLength(before)
  })

  it('The rest of a large chunk is not delivered', () => {
    const { body, received } = recordBody(0, () => {
      body.destroy()
      return undefined
    })
    body.write(Buffer.alloc(200_000, 'x'))
    expect(received).toHaveLength(1)
  })
})
