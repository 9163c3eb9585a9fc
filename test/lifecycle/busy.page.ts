import { EventSource } from '../../src/index.ts'

const source = new EventSource('/events', { idleTimeout: 1_000 })
const errors: string[] = []
let received = 0
source.onmessage = () => received++
source.onerror = ({ message }) => errors.push(message)

/** Keeps the thread busy for longer than idleTimeout. */
function work(): void {
  const end = performance.now() + 3_000
  while (performance.now() < end);
}

Object.assign(globalThis, { busy: { work, errors, received: () => received } })
