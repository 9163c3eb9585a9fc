import { setTimeout as pause } from 'node:timers/promises'
import sse from '@fastify/sse'
import Fastify from 'fastify'

const fastify = Fastify()
await fastify.register(sse)

fastify.get('/count', { sse: 'only' }, async (_request, reply) => {
  let first = 1
  await reply.sse.replay(async (lastEventId) => {
    first = Number(lastEventId) + 1
  })
  async function* count() {
    for (let number = first; reply.sse.isConnected; number += 1) {
      yield { id: String(number), event: 'count', data: { number }, retry: 50 }
      await pause(5)
    }
  }
  await reply.sse.send(count())
})

await fastify.listen({ host: '127.0.0.1', port: Number(process.argv[2]) })
console.log(`listening on ${fastify.server.address().port}`)
