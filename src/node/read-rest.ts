import type { Readable } from 'node:stream'

/**
 * Reads what a stream that was destroyed has still buffered: it had arrived before the connection was lost, while the
 * consumer lagged.
 */
export function readRest(stream: Readable, deliver: (chunk: Buffer) => void): void {
  for (let chunk = stream.read(); chunk !== null; chunk = stream.read()) deliver(chunk)
}
