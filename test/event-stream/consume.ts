import type { EventStreamIterator, ServerSentEvent } from '../../src/event-stream/event-stream.ts'
import type { EventStreamError } from '../../src/event-stream/event-stream-error.ts'

/** The data of all events until the stream is done. */
export async function collect<Data>(stream: AsyncIterable<ServerSentEvent<Data>>): Promise<Data[]> {
  const collected: Data[] = []
  for await (const { data } of stream) collected.push(data)
  return collected
}

/** The data of the next event; undefined if the iteration is done. */
export async function nextData<Data>(iterator: EventStreamIterator<Data>): Promise<Data | undefined> {
  return (await iterator.next()).value?.data
}

/** The error that a promise is rejected with. */
export async function rejectionOf(promise: Promise<unknown>): Promise<EventStreamError> {
  try {
    await promise
  } catch (error) {
    return error as EventStreamError
  }
  throw new Error('The promise was not rejected')
}

/** The result of `next()` when the iteration is done. */
export const done = { done: true, value: undefined }
