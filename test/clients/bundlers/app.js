import 'everysource/polyfill'
import 'everysource/polyfill/force'
import { EventSource, openEventStream } from 'everysource'
import { SharedEventSource } from 'everysource/shared'

/** Lists the first event that came by each of the entry points. */
export async function listFirstEvents() {
  const isForced = globalThis.EventSource === EventSource
  list(`EventSource: ${await firstEvent(new EventSource('/events'))}`)
  list(`EventSource of the polyfill: ${isForced && (await firstEvent(new globalThis.EventSource('/events')))}`)
  list(`SharedEventSource: ${await firstEvent(new SharedEventSource('/events'))}`)
  for await (const { data } of openEventStream('/events')) {
    list(`openEventStream: ${data}`)
    break
  }
}

function list(text) {
  const item = document.createElement('li')
  item.textContent = text
  document.body.append(item)
}

function firstEvent(source) {
  return new Promise((resolve) => {
    source.onmessage = ({ data }) => {
      source.close()
      resolve(data)
    }
  })
}
