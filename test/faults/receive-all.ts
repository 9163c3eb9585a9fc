import { numberedEvent } from '../../fixtures/numbered-events.ts'
import type { ErrorEvent, EventSource, EventSourceInit, openEventStream } from '../../src/index.ts'
import type { Sequence } from './judge.ts'

export type Face = 'EventSource' | 'openEventStream'

export interface Task {
  readonly url: string
  readonly face: Face
  /** The number of the last event. */
  readonly total: number
  /** How long to wait for a response, and to bear silence, in ms. */
  readonly patience: number
}

/** What a client of the feed has to tell at the end. */
export interface Reception {
  /** The numbers of the events, as they came. */
  readonly sequences: readonly Sequence[]
  /** The first thing that was wrong with an event, or why there were no more; null if all is well. */
  readonly problem: string | null
  /** How many interruptions of each code there were. */
  readonly interruptions: Readonly<Record<string, number>>
  /** Bytes in use after a tenth of the events. */
  readonly memoryAtTenth: number
  readonly memoryAtEnd: number
}

/** What differs between runtimes. */
export interface Runtime {
  readonly EventSource: typeof EventSource
  readonly openEventStream: typeof openEventStream
  /** Resolves to the bytes in use after a garbage collection. */
  readonly measureMemory: () => Promise<number>
}

/** Receives numbered events until the last one has come, or a wrong one. */
export async function receiveAll(runtime: Runtime, task: Task): Promise<Reception> {
  const { total, patience } = task
  const interruptions: Record<string, number> = {}
  const log = new EventLog(total, runtime.measureMemory)
  const init: Init = {
    // It gives up some seconds after the proxy has gone for good.
    retry: { initialDelay: 1, maxDelay: 20, maxAttempts: 1_000, statuses: (status) => status >= 500 },
    idleTimeout: patience,
    openTimeout: patience,
    // From these the fault proxy knows which attempts it was not there for.
    headers: ({ attempt }) => ({ Attempt: String(attempt) }),
    onInterruption({ code }) {
      interruptions[code] = (interruptions[code] ?? 0) + 1
    },
  }
  const receive = task.face === 'EventSource' ? receiveByEventSource : receiveByStream
  const problem = await receive(runtime, task, init, log)
  const [memoryAtTenth = 0, memoryAtEnd = 0] = await Promise.all(log.memory)
  return { sequences: log.sequences, problem: log.problem ?? problem, interruptions, memoryAtTenth, memoryAtEnd }
}

type Init = EventSourceInit & { readonly onInterruption: (details: { readonly code: string }) => void }

/** Takes down what comes. */
class EventLog {
  readonly sequences: [first: number, last: number][] = []
  readonly memory: Promise<number>[] = []
  problem: string | undefined
  readonly #total: number
  readonly #measureMemory: () => Promise<number>
  #previous = 0

  constructor(total: number, measureMemory: () => Promise<number>) {
    this.#total = total
    this.#measureMemory = measureMemory
  }

  /** Returns whether that was enough. */
  take({ type, data, lastEventId }: { type: string; data: string; lastEventId: string }): boolean {
    const number = Number(lastEventId)
    const expected = numberedEvent(number)
    if (type !== expected.type) this.problem = `event ${lastEventId} is of type ${type}`
    if (data !== expected.data) this.problem = `event ${lastEventId} has the data ${JSON.stringify(data)}`
    const sequence = this.sequences.at(-1)
    if (sequence && number === this.#previous + 1) sequence[1] = number
    else this.sequences.push([number, number])
    this.#previous = number
    const isTenth = this.memory.length === 0 && number >= this.#total / 10
    if (isTenth || number === this.#total) this.memory.push(this.#measureMemory())
    return this.problem !== undefined || number === this.#total
  }
}

/** Resolves to why there were no more events, where that was not because there had been enough. */
function receiveByEventSource(runtime: Runtime, { url }: Task, init: Init, log: EventLog): Promise<string | null> {
  return new Promise((resolve) => {
    const source = new runtime.EventSource(url, init)
    const finish = async (problem: string | null): Promise<void> => {
      // As it is at work: with its connection open.
      await Promise.all(log.memory)
      source.close()
      resolve(problem)
    }
    const receive = (event: MessageEvent<string>): void => {
      if (log.take(event)) void finish(null)
    }
    source.addEventListener('message', receive)
    source.addEventListener('tick', receive)
    source.addEventListener('error', (error: ErrorEvent) => {
      init.onInterruption(error)
      if (!error.willReconnect) void finish(`it closed: ${error.message}`)
    })
  })
}

async function receiveByStream(runtime: Runtime, { url }: Task, init: Init, log: EventLog): Promise<string | null> {
  try {
    for await (const event of runtime.openEventStream(url, init)) {
      if (!log.take(event)) continue
      await Promise.all(log.memory)
      return null
    }
    return 'the iteration was done'
  } catch (error) {
    return `it failed: ${error}`
  }
}
