import { Recorder } from './recorder.ts'

// A worker of either kind: it answers a number with the snapshot of when the event with this number had come.

interface Port {
  onmessage: ((event: MessageEvent<number>) => void) | null
  postMessage(message: unknown): void
}

const recorder = new Recorder()

function serve(port: Port): void {
  port.onmessage = async ({ data }) => port.postMessage(await recorder.reached(data))
}

if ('onconnect' in globalThis) {
  Object.assign(globalThis, { onconnect: ({ ports }: MessageEvent) => ports.forEach(serve) })
} else serve(globalThis as unknown as Port)
