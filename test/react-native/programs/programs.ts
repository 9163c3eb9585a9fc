// Programs that tests load into Hermes after the package. Each says what it sees, and at last what it found.
import '../suite/missing-in-vm.ts'
import type { EventStream } from '../../../src/index.ts'
import { ErrorEvent, EventSource, openEventStream } from '../../../src/index.ts'
import { type ReceiveReport, receiveAll, type Task } from '../../faults/receive-all.ts'

interface Vm {
  __settings: { readonly program: keyof typeof programs; readonly task: never }
  __tell(message: ProgramMessage): void
  gc(): void
  HermesInternal: { getInstrumentedStats(): Record<string, number> }
}

/** What a program says: an event on the way, or its result. */
export type ProgramMessage = { readonly event: string; readonly value?: unknown } | { readonly result: unknown }

const vm = globalThis as unknown as Vm

function report(event: string, value?: unknown): void {
  vm.__tell({ event, value })
}

/** The bytes in use after a garbage collection. */
function measureMemory(): number {
  vm.gc()
  return vm.HermesInternal.getInstrumentedStats()['js_allocatedBytes'] ?? Number.NaN
}

/** Opens a source and says its events until the test ends. */
function watch({ url, init = {} }: { url: string; init?: object }): void {
  const source = new EventSource(url, init)
  for (const type of ['open', 'message', 'error']) {
    source.addEventListener(type, (event: Event) => {
      if (event instanceof ErrorEvent) {
        const { reason, message, willReconnect } = event
        report('error', { reason, message, willReconnect })
      } else report(type, (event as MessageEvent).data ?? null)
    })
  }
  Object.assign(vm, { __close: () => source.close() })
}

/** Receives text until there was enough of it, and says after each eighth that it is time to measure the memory. */
async function flood({ url, size }: { url: string; size: number }): Promise<unknown> {
  return new Promise((resolve) => {
    const source = new EventSource(url)
    let received = 0
    let measurements = 0
    source.onmessage = ({ data }) => {
      received += String(data).length
      if (received > (size / 8) * (measurements + 1)) {
        measurements += 1
        vm.gc()
        report('measure')
      }
      if (received < size) return
      source.close()
      resolve(received)
    }
    source.onerror = (error) => report('error', error.reason)
  })
}

/** Reads a stream as an app does, in a loop over it. */
async function iterate({ url, init, count }: { url: string; init: object; count: number }): Promise<unknown> {
  const seen: string[] = []
  const headers = async (): Promise<Record<string, string>> => ({ Authorization: 'Bearer fresh' })
  const stream: EventStream = openEventStream(url, { ...init, headers })
  for await (const { data } of stream) {
    if (seen.push(data) === count) break
  }
  return { count: seen.length, characters: seen.join('').length, last: seen.at(-1)?.slice(-20) }
}

/** The result of the constructor for a URL: the URL, or what it throws. */
function construct({ url }: { url: string }): unknown {
  try {
    const source = new EventSource(url)
    source.close()
    return source.url
  } catch (error) {
    const { name, message } = error as Error
    return { name, message }
  }
}

async function receive(task: Task): Promise<ReceiveReport> {
  return receiveAll({ EventSource, openEventStream, measureMemory: async () => measureMemory() }, task)
}

const programs = {
  watch,
  flood,
  iterate,
  construct: ({ urls }: { urls: readonly string[] }) => urls.map((url) => construct({ url })),
  receive,
}

async function run(): Promise<void> {
  const { program, task } = vm.__settings
  const result = await programs[program](task)
  if (result !== undefined) vm.__tell({ result })
}

run().catch((error: unknown) => report('failed', String((error as Error).stack)))
