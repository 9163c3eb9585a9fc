import { once } from 'node:events'
import { buffer } from 'node:stream/consumers'
import { constants, createBrotliCompress, deflateRawSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { programRuntimes } from '../bundled-program.ts'
import { type HttpServer, startHttpServer } from '../http-server.ts'
import { itInRuntime } from '../installed.ts'
import type { BombReport } from './bomb.program.ts'

/*
 * Responses of a few kilobytes or megabytes that decompress to a line of two gigabytes.
 *
 * Bun is not tested: its fetch decompresses everything that has arrived, and needs 2.3 GB for `br`.
 */

const block = Buffer.alloc(1_048_576, 'x')
const blocks = 2_048

/** The maximum memory in bytes, with room for the runtime itself and for the largest possible event. */
const maxMemory = 512 * 1_024 * 1_024

function bombOfGzip(): Buffer {
  // After a full flush a block does not depend on others, and can be repeated.
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

  for (const runtime of [programRuntimes.node, programRuntimes['node-fetch'], programRuntimes.deno]) {
    for (const coding of ['gzip', 'br']) {
      itInRuntime(runtime, `A line compressed with ${coding} fails with too-large and bounded memory`, async () => {
        const entry = new URL('bomb.program.ts', import.meta.url)
        const output = await runtime.run(entry, [`${server.origin}/${coding}`])
        const { reasons, maxRSS } = JSON.parse(output) as BombReport
        console.log(`${runtime.name}, ${coding}: at most ${(maxRSS / 1_024).toFixed(0)} MiB of memory`)
        expect(reasons).toEqual(['too-large', 'too-large'])
        expect(maxRSS * 1_024).toBeLessThan(maxMemory)
      })
    }
  }
})
