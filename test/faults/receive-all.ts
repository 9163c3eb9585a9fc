import { numberedEvent } from '../../fixtures/numbered-events.ts'
import type { ErrorEvent, EventSource, EventSourceInit, openEventStream } from '../../src/index.ts'
import type { Sequence } from './check-events.ts'

export type Api = 'EventSource' | 'openEventStream'

export interface Task {
  readonly url: string
  readonly api: Api
  /** The number of the last event. */
  readonly total: number
  /** The openTimeout and idleTimeout in ms. */
  readonly timeout: number
}

/** The report of a receiver at the end. */
export interface ReceiveReport {
  /** The numbers of the events in the order in which they came. */
  readonly sequences: readonly Sequence[]
  /** The first error of an event, or the reason why there were no more events; null if there was no error. */
  readonly problem: string | null
  /** The number of interruptions of each reason. */
  readonly interruptions: Readonly<Record<string, number>>
  /** The bytes in use after a tenth of the events. */
  readonly memoryAtTenth: number
  readonly memoryAtEnd: number
}

/** What a runtime provides. */
export interface Runtime {
  readonly EventSource: typeof EventSource
  readonly openEventStream: typeof openEventStream
  /** Resolves to the bytes in use after a garbage collection. */
  readonly measureMemory: () => Promise<number>
}

/** Receives numbered events until the last one, or a wrong one, has come. */
export async function receiveAll(runtime: Runtime, task: Task): Promise<ReceiveReport> {
  const { total, timeout } = task
  const interruptions: Record<string, number> = {}
  const log = new EventLog(total, runtime.measureMemory)
  const init: Init = {
    // The receiver gives up some seconds after the proxy has been closed.
    retry: { initialDelay: 1, maxDelay: 20, maxAttempts: 1_000, statuses: (status) => status >= 500 },
    idleTimeout: timeout,
    openTimeout: timeout,
    // The fault proxy learns from these which attempts it refused.
    headers: ({ attempt }) => ({ Attempt: String(attempt) }),
    onInterruption({ reason }) {
      interruptions[reason] = (interruptions[reason] ?? 0) + 1
    },
  }
  const receive = task.api === 'EventSource' ? receiveByEventSource : receiveByStream
  const problem = await receive(runtime, task, init, log)
  const [memoryAtTenth = 0, memoryAtEnd = 0] = await Promise.all(log.memory)
  return { sequences: log.sequences, problem: log.problem ?? problem, interruptions, memoryAtTenth, memoryAtEnd }
}

type Init = EventSourceInit & { readonly onInterruption: (details: { readonly reason: string }) => void }

/** Records the events. */
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

  /** Records an event, and returns whether it was the last one. */
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

/** Resolves with the reason why there were no more events, or null if the last one has arrived. */
function receiveByEventSource(runtime: Runtime, { url }: Task, init: Init, log: EventLog): Promise<string | null> {
  return new Promise((resolve) => {
    const source = new runtime.EventSource(url, init)
    const finish = async (problem: string | null): Promise<void> => {
      // The memory is measured while the connection is open.
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
