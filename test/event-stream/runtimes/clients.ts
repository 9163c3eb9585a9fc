import { numberedEvent } from '../../../fixtures/numbered-events.ts'
import { type EventStreamInit, openEventStream } from '../../../src/event-stream.ts'

/*
 * What the tests here do in every runtime. Each takes the address of its feed, and returns something that can be told as
 * JSON.
 */

const wait = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds))

/** Tells the server something, and waits until it has taken note. */
async function tell(url: string): Promise<void> {
  await (await fetch(url)).text()
}

/** Leaves the loop after the first event, right after it has told the server, and stays until the connection is closed. */
async function leaveAfterFirst(url: string): Promise<number> {
  let received = 0
  for await (const _event of openEventStream(`${url}/events`)) {
    received++
    await tell(`${url}/leaving`)
    break
  }
  await tell(`${url}/closed`)
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

export interface Reception {
  /** How many events came, each once and in order. */
  readonly received: number
  /** The first thing that was wrong; null if nothing was. */
  readonly problem: string | null
  /** How many interruptions of each code there were. */
  readonly interruptions: Readonly<Record<string, number>>
}

/** Receives numbered events until number `total` has come, or the first wrong one. */
async function receiveNumbered(url: string, total: number): Promise<Reception> {
  let received = 0
  const interruptions: Record<string, number> = {}
  const init: EventStreamInit = {
    retry: { statuses: [503] },
    idleTimeout: 1_000,
    openTimeout: 1_000,
    onInterruption({ code }) {
      interruptions[code] = (interruptions[code] ?? 0) + 1
    },
  }
  const reception = (problem: string | null): Reception => ({ received, problem, interruptions })
  try {
    for await (const { type, data, lastEventId } of openEventStream(`${url}/events`, init)) {
      const number = received + 1
      const expected = numberedEvent(number)
      if (lastEventId !== String(number)) return reception(`after event ${received} came event ${lastEventId}`)
      if (type !== expected.type) return reception(`event ${number} is of type ${type}`)
      if (data !== expected.data) return reception(`event ${number} has the data ${JSON.stringify(data)}`)
      if (++received === total) break
    }
    return reception(received === total ? null : `it was done after event ${received}`)
  } catch (error) {
    return reception(`it failed after event ${received}: ${error}`)
  }
}

export const clients = { leaveAfterFirst, takeSlowly, receiveNumbered }

export type ClientName = keyof typeof clients
