import type { ServerSentEvent } from '../index.ts'

/** What is printed of an event, with a line feed at its end; undefined if the event is not what it has to be. */
export type EventFormat = (event: ServerSentEvent) => string | undefined

/** One line of JSON. */
export function formatEvent({ type, lastEventId, data }: ServerSentEvent): string {
  return `${JSON.stringify({ event: type, id: lastEventId, data })}\n`
}

export function formatPayload({ data }: ServerSentEvent): string {
  return `${data}\n`
}

/** The payload on one line, as it came: numbers that JavaScript cannot hold stay whole. */
export function formatJsonPayload({ data }: ServerSentEvent): string | undefined {
  try {
    JSON.parse(data)
  } catch {
    return undefined
  }
  // Within strings, JSON has no line feeds.
  return `${data.replaceAll('\n', ' ').trim()}\n`
}
