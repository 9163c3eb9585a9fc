import { EventSource, type EventSourceInit } from '../../src/index.ts'

const concurrency = 50

/** Opens this number of objects, some at the same time, and closes each at its first message. */
export async function openAndClose(url: string, init: EventSourceInit, count: number): Promise<void> {
  let left = count
  const openSome = async (): Promise<void> => {
    while (left-- > 0) {
      const source = new EventSource(url, init)
      await untilMessage(source)
      source.close()
    }
  }
  await Promise.all(Array.from({ length: concurrency }, openSome))
}

/** Resolves with the first message, and rejects if the connection fails. */
export function untilMessage(source: EventSource): Promise<void> {
  return new Promise((resolve, reject) => {
    source.onmessage = () => resolve()
    source.onerror = ({ willReconnect, message }) => {
      if (!willReconnect) reject(new Error(message))
    }
  })
}
