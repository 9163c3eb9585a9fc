import type { RequestListener, ServerResponse } from 'node:http'

export interface SentEvent {
  readonly id?: string | number
  readonly event?: string
  /** A line of text; anything else is sent as JSON. */
  readonly data: unknown
}

/** Begins an answer that is an event stream, and returns what sends an event. */
export function openStream(response: ServerResponse, reconnectionTime = 10): (sent: SentEvent) => void {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Access-Control-Allow-Origin': '*' })
  response.write(`retry: ${reconnectionTime}\n\n`)
  return (sent) => {
    const data = typeof sent.data === 'string' ? sent.data : JSON.stringify(sent.data)
    const lines = Object.entries({ ...sent, data }).map(([name, value]) => `${name}: ${value}\n`)
    response.write(`${lines.join('')}\n`)
  }
}

/** Sends events of these numbers and resumes after the Last-Event-ID; each response ends cleanly after some of them. */
export function numberedFeed(
  total: number,
  perResponse: number,
  eventOf: (number: number) => SentEvent,
  greeting?: SentEvent,
): RequestListener {
  return (request, response) => {
    const send = openStream(response)
    if (greeting) send(greeting)
    const first = Number(request.headers['last-event-id'] ?? 0) + 1
    const end = Math.min(first + perResponse, total + 1)
    for (let number = first; number < end; number++) send({ id: number, ...eventOf(number) })
    if (end <= total) response.end()
  }
}
