import { describe, expect } from 'vitest'
import { programRuntimes } from '../bundled-program.ts'
import { startHttpServer } from '../http-server.ts'
import { itInRuntime } from '../installed.ts'

const connections = 1_500

/*
 * Once its functions are compiled, Deno has only a weak reference to the signal of a response whose body is being read:
 * without a reader that is canceled, the connection would stay open and the process alive.
 */
describe(`close() works after ${connections} connections and a garbage collection`, () => {
  for (const runtime of [programRuntimes.node, programRuntimes['node-fetch'], programRuntimes.deno]) {
    itInRuntime(runtime, 'close() closes the last connection and lets the process end', async () => {
      let requests = 0
      const server = await startHttpServer((_, response) => {
        response.setHeader('Content-Type', 'text/event-stream').write('retry: 0\ndata: x\n\n')
        if (++requests < connections) response.end()
      })
      try {
        const entry = new URL('close-late.program.ts', import.meta.url)
        expect(await runtime.run(entry, [server.origin, String(connections)])).toBe('closed\n')
        expect(requests).toBe(connections)
      } finally {
        await server.close()
      }
    })
  }
})
