import { createServer } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { createSession } from 'better-sse'

const server = createServer(async (request, response) => {
  const session = await createSession(request, response, { retry: 50 })
  let number = Number(session.lastId)
  while (session.isConnected) {
    number += 1
    session.push({ number }, 'count', String(number))
    await pause(5)
  }
})

server.listen(Number(process.argv[2]), '127.0.0.1', () => {
  console.log(`listening on ${server.address().port}`)
})
