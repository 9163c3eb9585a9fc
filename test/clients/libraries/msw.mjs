// Listens to a URL while msw mocks it, and again after msw is closed, and prints what arrived first each time.
//
//   node msw.mjs 2|3 http|sse|unhandled URL
import process from 'node:process'
import { EventSource } from 'everysource'

const [version, kind, url] = process.argv.slice(2)

// sse() wants to see that the environment has the class.
globalThis.EventSource = EventSource

const { setupServer } = await import(`msw-${version}/node`)
const { http, HttpResponse } = await import(version === '2' ? 'msw-2' : 'msw-3/http')
const { sse } = await import(version === '2' ? 'msw-2' : 'msw-3/sse')

const answer = () => new HttpResponse('data: mocked\n\n', { headers: { 'Content-Type': 'text/event-stream' } })

const handlers = {
  http: () => http.get(url, answer),
  sse: () => sse(url, ({ client }) => client.send({ data: 'mocked' })),
  unhandled: () => http.get('http://other.example/', answer),
}

const server = setupServer(handlers[kind]())
// Version 3 calls it by its new name.
server.listen({ onUnhandledRequest: 'error', onUnhandledFrame: 'error' })
console.log(await firstNews())
server.close()
console.log(await firstNews())

/** Resolves with the data of the first event, or with the reason of an error. */
async function firstNews() {
  const source = new EventSource(url)
  try {
    return await new Promise((resolve) => {
      source.onmessage = ({ data }) => resolve(data)
      source.onerror = ({ reason }) => resolve(`error: ${reason}`)
    })
  } finally {
    source.close()
  }
}
