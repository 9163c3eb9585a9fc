import { EventSource, type EventSourceInit } from '../../src/index.ts'

const atOnce = 50

/** Opens so many objects, some at once, and closes each at its first message. */
export async function openAndClose(url: string, init: EventSourceInit, count: number): Promise<void> {
  let left = count
  const openSome = async (): Promise<void> => {
    while (left-- > 0) {
      const source = new EventSource(url, init)
      await untilMessage(source)
      source.close()
    }
  }
  await Promise.all(Array.from({ length: atOnce }, openSome))
}

/** @returns a promise that is rejected where the connection fails for good */
export function untilMessage(source: EventSource): Promise<void> {
  return new Promise((resolve, reject) => {
    source.onmessage = () => resolve()
    source.onerror = ({ willReconnect, message }) => {
      if (!willReconnect) reject(new Error(message))
    }
  })
}
