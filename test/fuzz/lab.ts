import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import { type BrowserName, launchers } from '../browsers.ts'
import type { Browser } from '../conformance/runners/run-browser.ts'
import { startHttpServer } from '../http-server.ts'
import { startPageServer } from '../page-server.ts'
import { eventTypesOf } from './event-types.ts'
import type { ClientName, Job, JobReport, NextRequest, Observation } from './observation.ts'

/** A page that listens to streams, and the server that answers it. */
export interface Lab {
  readonly browser: BrowserName
  readonly origin: string
  /** Lets both clients in the page listen to a stream until they reconnect or have been waited for too long. */
  observe(chunks: readonly Uint8Array[], maxWait: number): Promise<Observation>
  close(): Promise<void>
}

interface Experiment extends Job {
  readonly chunks: readonly Uint8Array[]
  readonly ended: Partial<Record<ClientName, number>>
  readonly nextRequests: Partial<Record<ClientName, NextRequest>>
  readonly resolve: (observation: Observation) => void
}

/** The number of streams that the page receives at a time. It requests more in several lanes. */
const jobsAtATime = 50

/** The maximum time in ms without a report from the page while it has streams. */
const maxSilence = 180_000

export async function startLab(browser: BrowserName): Promise<Lab> {
  const launch = launchers[browser]
  if (launch === undefined) throw new Error(`${browser} is not installed`)
  const experiments = new Map<number, Experiment>()
  const waiting: Experiment[] = []
  const idle: ServerResponse[] = []
  let count = 0
  let silence: ReturnType<typeof setTimeout> | undefined
  let fail: (error: Error) => void = () => {}
  const failed = new Promise<never>((_, reject) => {
    fail = reject
  })

  const expectReport = (): void => {
    clearTimeout(silence)
    if (experiments.size === 0) return
    silence = setTimeout(() => fail(new Error(`the page was silent for ${maxSilence} ms`)), maxSilence)
  }

  const handOut = (): void => {
    while (waiting.length > 0 && idle.length > 0) {
      const jobs = waiting.splice(0, jobsAtATime).map(({ number, types, maxWait }): Job => ({ number, types, maxWait }))
      idle.shift()?.end(JSON.stringify(jobs))
    }
  }

  const take = ({ number, native, ours }: JobReport): void => {
    const experiment = experiments.get(number)
    if (experiment === undefined) {
      fail(new Error(`the page reported stream ${number}, which it does not have`))
      return
    }
    experiments.delete(number)
    const { nextRequests } = experiment
    experiment.resolve({
      native: { ...native, nextRequest: nextRequests.native },
      ours: { ...ours, nextRequest: nextRequests.ours },
    })
  }

  const control = await startHttpServer(async (request, response) => {
    response.setHeader('Access-Control-Allow-Origin', '*')
    for (const report of JSON.parse(await text(request)) as JobReport[]) take(report)
    expectReport()
    idle.push(response)
    handOut()
  })

  // Ids may be large, and contain characters that are invalid in a header.
  const lenient = { insecureHTTPParser: true, maxHeaderSize: 2 ** 20 }
  const server = await startPageServer(
    new URL('fuzz.page.ts', import.meta.url),
    async (request, response) => {
      const [, part, number, client] = new URL(request.url ?? '', 'http://localhost').pathname.split('/')
      const experiment = part === 'stream' ? experiments.get(Number(number)) : undefined
      if (experiment === undefined) response.writeHead(404).end()
      else await answer(experiment, client as ClientName, request.headers['last-event-id'], response)
    },
    lenient,
  )

  let launched: Browser | undefined
  const close = async (): Promise<void> => {
    clearTimeout(silence)
    await launched?.close()
    await Promise.all([server.close(), control.close()])
  }
  // Errors are reported to the callers of observe().
  failed.catch(() => {})
  try {
    const address = `${server.origin}/page.html?${new URLSearchParams({ control: control.origin })}`
    launched = await launch()
    await launched.openPage(address, (problem) => {
      // Firefox logs the end of a stream, and the response that stops it, as script errors.
      if (!problem.includes(`${server.origin}/stream/`)) fail(new Error(problem))
    })
  } catch (error) {
    await close()
    throw error
  }
  return {
    browser,
    origin: server.origin,
    observe(chunks, maxWait) {
      const observed = new Promise<Observation>((resolve) => {
        const number = ++count
        const types = eventTypesOf(Buffer.concat(chunks))
        const experiment = { number, types, maxWait, chunks, ended: {}, nextRequests: {}, resolve }
        experiments.set(number, experiment)
        waiting.push(experiment)
        if (experiments.size === 1) expectReport()
        handOut()
      })
      return Promise.race([observed, failed])
    },
    close,
  }
}

/** Answers the first request of a client with the stream, and the second one with a response that stops it. */
async function answer(
  { chunks, ended, nextRequests }: Experiment,
  client: ClientName,
  lastEventId: string | string[] | undefined,
  response: ServerResponse,
): Promise<void> {
  const end = ended[client]
  if (end !== undefined) {
    nextRequests[client] ??= { lastEventId: lastEventId?.toString(), delay: performance.now() - end }
    response.writeHead(204).end()
    return
  }
  response.writeHead(200, { 'Content-Type': 'text/event-stream' })
  for (const [index, chunk] of chunks.entries()) {
    // The pause makes the chunk travel alone.
    if (index > 0) await wait(2)
    if (!response.write(chunk)) await once(response, 'drain')
  }
  ended[client] = performance.now()
  response.end()
}
