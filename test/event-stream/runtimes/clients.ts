import { openEventStream } from '../../../src/event-stream/event-stream.ts'

/*
 * What the tests here do in every runtime. Each takes the address of its feed, and returns something that can be told as
 * JSON.
 */

const wait = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds))

/** Tells the server something, and waits until it has taken note. */
async function tell(url: string): Promise<void> {
  await (await fetch(url)).text()
}

/**
 * So many times: leaves the loop after the first event, right after it has told the server, and stays until the
 * connection is closed.
 */
async function leaveAfterFirst(url: string, times: number): Promise<number> {
  let received = 0
  for (let time = 0; time < times; time++) {
    for await (const _event of openEventStream(`${url}/events`)) {
      received++
      await tell(`${url}/leaving`)
      break
    }
    await tell(`${url}/closed`)
  }
  return received
}

export interface Taken {
  readonly events: number
  /** The characters of all events. */
  readonly characters: number
}

/** Takes so many events, each for so many milliseconds, and tells the server now and then how many it has. */
async function takeSlowly(url: string, count: number, milliseconds: number): Promise<Taken> {
  let events = 0
  let characters = 0
  for await (const { data } of openEventStream(`${url}/events`)) {
    events++
    characters += data.length
    if (milliseconds > 0) await wait(milliseconds)
    if (events % 100 === 0 || events === count) await tell(`${url}/taken?events=${events}`)
    if (events === count) break
  }
  return { events, characters }
}

export const clients = { leaveAfterFirst, takeSlowly }

export type ClientName = keyof typeof clients
