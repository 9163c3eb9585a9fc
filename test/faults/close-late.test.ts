import { describe, expect } from 'vitest'
import { startHttpServer } from '../http-server.ts'
import { clients } from './clients.ts'
import { inRuntime } from './in-runtime.ts'

const connections = 1_500

/*
 * Once its functions are compiled, Deno keeps nothing but a weak hold on the signal of a response whose body is being read:
 * without a reader that is cancelled, the connection would stay open, and the process alive.
 */
describe(`close() works after ${connections} connections and a garbage collection`, () => {
  for (const client of [clients.node, clients['node-fetch'], clients.deno]) {
    inRuntime(client, 'close() closes the last connection and lets the process end', async () => {
      let requests = 0
      const server = await startHttpServer((_, response) => {
        response.setHeader('Content-Type', 'text/event-stream').write('retry: 0\ndata: x\n\n')
        if (++requests < connections) response.end()
      })
      try {
        expect(await client.runProgram('close-late.ts', [server.origin, String(connections)])).toBe('closed\n')
        expect(requests).toBe(connections)
      } finally {
        await server.close()
      }
    })
  }
})
