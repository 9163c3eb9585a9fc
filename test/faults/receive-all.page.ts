import { EventSource, openEventStream } from '../../src/index.ts'
import { type ReceiveReport, receiveAll, type Task } from './receive-all.ts'

// The test calls receive() in the page, and provides measureMemory().
declare global {
  var receive: (task: Task) => Promise<ReceiveReport>
  var measureMemory: () => Promise<number>
}

globalThis.receive = (task) =>
  receiveAll({ EventSource, openEventStream, measureMemory: globalThis.measureMemory }, task)
