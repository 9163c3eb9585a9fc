import process from 'node:process'
import { setTimeout as pause } from 'node:timers/promises'
import { EventSource, openEventStream } from '../../src/index.ts'
import { receiveAll } from './receive-all.ts'

// The program `receive-all TASK` prints a ReceiveReport; both are JSON.
const [task = ''] = process.argv.slice(2)
console.log(JSON.stringify(await receiveAll({ EventSource, openEventStream, measureMemory }, JSON.parse(task))))

async function measureMemory(): Promise<number> {
  for (let times = 0; times < 3; times++) {
    // Objects become garbage only when the task that used them is over.
    await pause(0)
    collectGarbage()
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

function collectGarbage(): void {
  const { Bun, gc } = globalThis as { Bun?: { gc(force: boolean): void }; gc?: () => void }
  if (Bun) Bun.gc(true)
  else if (gc) gc()
  else throw new Error('There is no gc(): start the program with --expose-gc')
}
