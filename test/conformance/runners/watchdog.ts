import { Worker } from 'node:worker_threads'

/** The program of the watchdog thread, which continues when the thread that it watches hangs. */
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
 * Kills this process when it hangs, so that vitest reports it. This is for a suite that runs in vitest's own process,
 * where an endless loop would prevent every timer from firing. Returns a function that ends the watch.
 */
export function startWatchdog(name: string): () => Promise<void> {
  const watchdog = new Worker(watch, { eval: true, workerData: name })
  const signs = setInterval(() => watchdog.postMessage('alive'), 1_000)
  return async () => {
    clearInterval(signs)
    await watchdog.terminate()
  }
}
