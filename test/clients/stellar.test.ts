import { afterEach, describe, expect, test, vi } from 'vitest'
import { type HttpServer, startHttpServer } from '../http-server.ts'
import { openStream } from './event-stream.ts'
import { load, variants } from './groups.ts'

let server: HttpServer | undefined
let stop: (() => void) | undefined

afterEach(async () => {
  stop?.()
  await server?.close()
})

describe.for(variants)('The SDK of Stellar works with everysource (%s)', (group) => {
  /** Streams ledgers to their end, which is the tenth, and returns them. */
  async function streamLedgers(origin: string, onerror: () => void): Promise<unknown[]> {
    const { Horizon } = await load(group, '@stellar/stellar-sdk')
    const received: number[] = []
    const onmessage = ({ sequence }: { sequence: number }): void => {
      received.push(sequence)
    }
    stop = new Horizon.Server(origin, { allowHttp: true }).ledgers().cursor('0').stream({ onmessage, onerror })
    await expect.poll(() => received.at(-1)).toBe(10)
    return received
  }

  const ten = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
  const ledger = (sequence: number) => ({ id: sequence, data: { sequence, paging_token: `${sequence}` } })

  test('The SDK continues from its cursor when the server says that it closes', async () => {
    server = await startHttpServer((request, response) => {
      const send = openStream(response)
      const { searchParams } = new URL(request.url ?? '', 'http://horizon.example')
      const last = Number(searchParams.get('cursor'))
      for (const sequence of ten.slice(last, last + 3)) send(ledger(sequence))
      if (last + 3 < ten.length) send({ event: 'close', data: 'byebye' })
    })
    const onerror = vi.fn()
    expect(await streamLedgers(server.origin, onerror)).toEqual(ten)
    expect(onerror).not.toHaveBeenCalled()
  })

  test('The SDK continues from the last event ID when the connection is lost', async () => {
    server = await startHttpServer((request, response) => {
      const send = openStream(response)
      const last = Number(request.headers['last-event-id'] ?? 0)
      for (const sequence of ten.slice(last, last + 3)) send(ledger(sequence))
      if (last + 3 < ten.length) response.write('data: {"incom', () => response.socket?.destroySoon())
    })
    const onerror = vi.fn()
    expect(await streamLedgers(server.origin, onerror)).toEqual(ten)
    expect(onerror).toHaveBeenCalledTimes(3)
  })
})
