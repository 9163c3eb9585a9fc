import { EventSource, openEventStream } from '../../src/index.ts'
import { type Reception, receiveAll, type Task } from './receive-all.ts'

// The client in a page: the test calls it there, and measures the memory for it.
declare global {
  var receive: (task: Task) => Promise<Reception>
  var measureMemory: () => Promise<number>
}

globalThis.receive = (task) =>
  receiveAll({ EventSource, openEventStream, measureMemory: globalThis.measureMemory }, task)
