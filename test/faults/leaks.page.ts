import { EventSource } from '../../src/index.ts'
import { openAndClose } from './open-and-close.ts'

/** What a page does for the test, which looks at what the page holds after each call. */
export interface Work {
  /** Opens and closes so many objects. */
  openAndClose(count: number): Promise<void>
  /**
   * Has one object receive so many events, each over another connection: it reconnects by itself where the server ended
   * the body, else upon `reconnect()`. It stays open, and is the same each time.
   */
  reconnect(count: number): Promise<void>
}

declare global {
  var work: Work
}

const url = '/events'
const { signal } = new AbortController()
const init = { signal, idleTimeout: 60_000 }

let reconnecting: EventSource | undefined

globalThis.work = {
  openAndClose: (count) => openAndClose(url, init, count),
  reconnect(count) {
    if (reconnecting) reconnecting.reconnect()
    else reconnecting = new EventSource(url, init)
    const source = reconnecting
    let left = count
    return new Promise((resolve, reject) => {
      source.onmessage = ({ data }) => {
        left--
        if (data === 'over') return
        if (left <= 0) resolve()
        else source.reconnect()
      }
      source.onerror = ({ willReconnect, message }) => {
        if (!willReconnect) reject(new Error(message))
      }
    })
  },
}
