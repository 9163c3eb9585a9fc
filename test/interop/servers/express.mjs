import { setTimeout as pause } from 'node:timers/promises'
import express from 'express'

const app = express()

app.get('/count', async (request, response) => {
  response.writeHead(200, {
    'Content-Type': 'text/event-stream',
    'Cache-Control': 'no-cache',
    Connection: 'keep-alive',
  })
  response.write('retry: 50\n\n')
  let number = Number(request.get('Last-Event-ID') ?? 0)
  while (!response.destroyed) {
    number += 1
    response.write(`event: count\nid: ${number}\ndata: ${JSON.stringify({ number })}\n\n`)
    await pause(5)
  }
})

const server = app.listen(Number(process.argv[2]), '127.0.0.1', () => {
  console.log(`listening on ${server.address().port}`)
})
