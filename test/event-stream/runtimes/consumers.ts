import { openEventStream } from '../../../src/index.ts'

/*
 * Consumers of a stream that run in every runtime. Each takes the URL of its feed, and returns a result that can be sent
 * as JSON.
 */

const wait = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds))

/** Notifies the server, and waits for its response. */
async function notify(url: string): Promise<void> {
  await (await fetch(url)).text()
}

/**
 * Leaves the loop this number of times after the first event, right after notifying the server, and waits until the
 * connection is closed.
 */
async function leaveAfterFirst(url: string, times: number): Promise<number> {
  let received = 0
  for (let time = 0; time < times; time++) {
    for await (const _event of openEventStream(`${url}/events`)) {
      received++
      await notify(`${url}/leaving`)
      break
    }
    await notify(`${url}/closed`)
  }
  return received
}

export interface ConsumedEvents {
  readonly events: number
  /** The number of characters of all events. */
  readonly characters: number
}

/** Consumes `count` events, each for some milliseconds, and regularly notifies the server of their number. */
async function consumeSlowly(url: string, count: number, milliseconds: number): Promise<ConsumedEvents> {
  let events = 0
  let characters = 0
  for await (const { data } of openEventStream(`${url}/events`)) {
    events++
    characters += data.length
    if (milliseconds > 0) await wait(milliseconds)
    if (events % 100 === 0 || events === count) await notify(`${url}/consumed?events=${events}`)
    if (events === count) break
  }
  return { events, characters }
}

export const consumers = { leaveAfterFirst, consumeSlowly }

export type ConsumerName = keyof typeof consumers
