import 'everysource/polyfill'
import { EventSource, openEventStream } from 'everysource'
import { SharedEventSource } from 'everysource/shared'

export const dynamic = 'force-dynamic'

/** Answers with the first event of the feed of this server, by each of the entry points that a server can use. */
export async function GET(request) {
  const feed = new URL('/events', request.url)
  return Response.json({
    EventSource: await firstEvent(new EventSource(feed)),
    polyfill: await firstEvent(new globalThis.EventSource(feed)),
    openEventStream: await firstOf(openEventStream(feed)),
    SharedEventSource: typeof SharedEventSource,
  })
}

function firstEvent(source) {
  return new Promise((resolve, reject) => {
    source.onmessage = ({ data }) => {
      source.close()
      resolve(data)
    }
    source.onerror = ({ message }) => reject(new Error(message))
  })
}

async function firstOf(stream) {
  for await (const { data } of stream) return data
}
