import type { BodyInit } from './options/event-source-init.ts'

/** Whether a body can be sent only once: a ReadableStream, or another async iterable such as a stream of Node's. */
export function isOneShot(body: unknown): body is object {
  return 'getReader' in Object(body) || Symbol.asyncIterator in Object(body)
}

/** The one-shot bodies that were handed to a transport. */
const sentBodies = new WeakSet<object>()

/** Remembers that a body is sent, if it can be sent only once. */
export function markAsSent(body: BodyInit | null | undefined): void {
  if (isOneShot(body)) sentBodies.add(body)
}

/** Whether a body was sent and cannot be sent again. */
export function wasSent(body: unknown): boolean {
  return sentBodies.has(body as object)
}

export const bodyUsedMessage = 'the body stream was already sent: pass a function'
