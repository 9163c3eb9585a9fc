import type { Client } from './adapters.ts'

/** Opens a stream, and closes it after the event for which `isLast` returns true. */
export function openUntil(client: Client | undefined, url: string, isLast: (data: string) => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const connection = client?.open(url, {
      event(data) {
        try {
          if (!isLast(data)) return
          resolve()
        } catch (error) {
          reject(error)
        }
        connection?.close()
      },
      failed: reject,
    })
  })
}

export interface Reader {
  readonly client: Client | undefined
  readonly read: ((url: string) => Promise<void>) | undefined
  urlOf(count: number): string
}

/** Receives a stream of `count` events, and reads the data of each. */
export async function receiveAll({ client, read, urlOf }: Reader, count: number): Promise<void> {
  if (read) return read(urlOf(count))
  let received = 0
  let characters = 0
  await openUntil(client, urlOf(count), (data) => {
    characters += data.length
    return ++received === count
  })
  if (characters < count) throw new Error(`${count} events had only ${characters} characters`)
}
