import { EventSource } from '../../src/index.ts'
import { openAndClose } from './open-and-close.ts'

/** The functions of the page for the test, which measures the resources of the page after each call. */
export interface Work {
  /** Opens and closes this number of objects. */
  openAndClose(count: number): Promise<void>
  /**
   * Makes one object receive this number of events, each over another connection. It reconnects on its own if the
   * server ends the body, and otherwise through reconnect(). It stays open between the calls.
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
