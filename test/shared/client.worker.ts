import { Witness } from './witness.ts'

// A worker of either kind: a number that is sent to it is answered with what was seen when the event of this number came.

interface Port {
  onmessage: ((event: MessageEvent<number>) => void) | null
  postMessage(message: unknown): void
}

const witness = new Witness()

function serve(port: Port): void {
  port.onmessage = async ({ data }) => port.postMessage(await witness.reached(data))
}

if ('onconnect' in globalThis) {
  Object.assign(globalThis, { onconnect: ({ ports }: MessageEvent) => ports.forEach(serve) })
} else serve(globalThis as unknown as Port)
