import type { ServerSentEvent } from '../../index.ts'

/** Formats an event as text that ends with a line feed, or returns undefined if its payload is not of the format. */
export type EventFormat = (event: ServerSentEvent, receivedAt: Date) => string | undefined

/** Formats an event as one line of JSON. */
export function formatEvent({ type, lastEventId, data }: ServerSentEvent): string {
  return `${JSON.stringify({ event: type, id: lastEventId, data })}\n`
}

/** Formats an event as one line of JSON that begins with the time of its arrival. */
export function formatEventWithTime({ type, lastEventId, data }: ServerSentEvent, receivedAt: Date): string {
  return `${JSON.stringify({ time: receivedAt, event: type, id: lastEventId, data })}\n`
}

export function formatPayload({ data }: ServerSentEvent): string {
  return `${data}\n`
}

export function formatPayloadWithTime({ data }: ServerSentEvent, receivedAt: Date): string {
  return `${receivedAt.toISOString()} ${data}\n`
}

/** Formats a JSON payload as one line. It is not serialized again, so numbers that JavaScript cannot represent stay exact. */
export function formatJsonPayload({ data }: ServerSentEvent): string | undefined {
  try {
    JSON.parse(data)
  } catch {
    return undefined
  }
  // JSON has no line feeds within strings.
  return `${data.replaceAll('\n', ' ').trim()}\n`
}

/** Returns a format whose text is escaped, for a terminal. */
export function escapeFormat(format: EventFormat, escapeText: (text: string) => string): EventFormat {
  return (event, receivedAt) => {
    const text = format(event, receivedAt)
    return text === undefined ? undefined : escapeText(text)
  }
}
