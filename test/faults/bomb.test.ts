import { once } from 'node:events'
import { buffer } from 'node:stream/consumers'
import { constants, createBrotliCompress, deflateRawSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { type HttpServer, startHttpServer } from '../http-server.ts'
import type { Explosion } from './bomb.ts'
import { clients } from './clients.ts'
import { inRuntime } from './in-runtime.ts'

/*
 * Answers of a few kilobytes or megabytes that expand to a line of two gigabytes.
 *
 * Bun is not here: its fetch expands all that has arrived before anybody can ask for less, and needs 2.3 GB for `br`.
 */

const block = Buffer.alloc(1_048_576, 'x')
const blocks = 2_048

/** With room for what a runtime itself takes, and for an event as large as it may be. */
const mostMemory = 512 * 1_024 * 1_024

function bombOfGzip(): Buffer {
  // After a full flush a block stands for itself, and can be repeated as it is.
  const flush = { finishFlush: constants.Z_FULL_FLUSH }
  const head = gzipSync('').subarray(0, 10)
  return Buffer.concat([
    head,
    deflateRawSync('data: ', flush),
    ...Array<Buffer>(blocks).fill(deflateRawSync(block, flush)),
  ])
}

async function bombOfBrotli(): Promise<Buffer> {
  const compress = createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: 2 } })
  const compressed = buffer(compress)
  compress.write('data: ')
  for (let written = 0; written < blocks; written++) {
    if (!compress.write(block)) await once(compress, 'drain')
  }
  compress.end()
  return await compressed
}

describe('A compressed line of two gigabytes does not exhaust the memory', () => {
  let server: HttpServer

  beforeAll(async () => {
    const bombs: Record<string, Buffer> = { gzip: bombOfGzip(), br: await bombOfBrotli() }
    server = await startHttpServer((request, response) => {
      const coding = (request.url ?? '').slice(1)
      response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Content-Encoding': coding }).end(bombs[coding])
    })
  })

  afterAll(() => server.close())

  for (const client of [clients.node, clients['node-fetch'], clients.deno]) {
    for (const coding of ['gzip', 'br']) {
      inRuntime(client, `A line compressed with ${coding} fails with too-large and bounded memory`, async () => {
        const output = await client.runProgram('bomb.ts', [`${server.origin}/${coding}`])
        const { codes, maxRSS } = JSON.parse(output) as Explosion
        console.log(`${client.name}, ${coding}: at most ${(maxRSS / 1_024).toFixed(0)} MiB of memory`)
        expect(codes).toEqual(['too-large', 'too-large'])
        expect(maxRSS * 1_024).toBeLessThan(mostMemory)
      })
    }
  }
})
