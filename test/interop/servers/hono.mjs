import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { streamSSE } from 'hono/streaming'

const app = new Hono()

app.get('/count', (context) =>
  streamSSE(context, async (stream) => {
    let number = Number(context.req.header('Last-Event-ID') ?? 0)
    while (!stream.aborted) {
      number += 1
      await stream.writeSSE({ event: 'count', id: String(number), data: JSON.stringify({ number }), retry: 50 })
      await stream.sleep(5)
    }
  }),
)

serve({ fetch: app.fetch, hostname: '127.0.0.1', port: Number(process.argv[2]) }, (info) => {
  console.log(`listening on ${info.port}`)
})
