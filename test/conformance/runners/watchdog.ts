import { Worker } from 'node:worker_threads'

/** Runs in a thread of its own, which goes on when the thread that it watches does not. */
const watch = `
  const { writeSync } = require('node:fs')
  const { parentPort, workerData } = require('node:worker_threads')
  let timer
  const expectSign = () => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      writeSync(2, workerData + ' hangs: its process is killed\\n')
      process.kill(process.pid, 'SIGKILL')
    }, 60_000)
  }
  parentPort.on('message', expectSign)
  expectSign()`

/**
 * Kills this process when it hangs, which makes vitest report it. It is for a suite that runs in vitest's own process,
 * where a loop without end would otherwise keep every timer from going off. Returns how to end the watch.
 */
export function startWatchdog(name: string): () => Promise<void> {
  const watchdog = new Worker(watch, { eval: true, workerData: name })
  const signs = setInterval(() => watchdog.postMessage('alive'), 1_000)
  return async () => {
    clearInterval(signs)
    await watchdog.terminate()
  }
}
