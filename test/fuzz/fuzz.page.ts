import { EventSource as OurEventSource } from '../../src/index.ts'
import type { Job, JobReport, Reception, SeenEvent } from './observation.ts'

/*
 * Listens to streams with the browser's EventSource and with ours. The URL that the page has as `control` sends it
 * streams, and receives the observations with the request for more.
 */

type AnyEventSource = Pick<EventSource, 'addEventListener' | 'close' | 'readyState'>

/** The number of lanes, each of which requests more streams as soon as all of its streams are done. */
const lanes = 5

function receive(source: AnyEventSource, { types, maxWait }: Job): Promise<readonly SeenEvent[]> {
  return new Promise((resolve) => {
    const events: SeenEvent[] = []
    const finish = (): void => {
      clearTimeout(timer)
      source.close()
      resolve(events)
    }
    let timer: ReturnType<typeof setTimeout> | undefined
    for (const listenedFor of types) {
      source.addEventListener(listenedFor, (event) => {
        if (!(event instanceof MessageEvent)) return
        const { type, data, lastEventId, origin } = event
        events.push({ type, data, lastEventId, origin })
      })
    }
    source.addEventListener('error', (event) => {
      // A stream can also contain events of this type.
      if (event instanceof MessageEvent) return
      // The response to its next request has stopped the client.
      if (source.readyState === EventSource.CLOSED) finish()
      else timer ??= setTimeout(finish, maxWait)
    })
  })
}

async function receiveNatively(job: Job): Promise<Reception> {
  return { events: await receive(new EventSource(`/stream/${job.number}/native`), job) }
}

async function receiveWithOurs(job: Job): Promise<Reception> {
  let told: number | undefined
  const source = new OurEventSource(`/stream/${job.number}/ours`, {
    retry({ reconnectionTime }) {
      told ??= reconnectionTime
      return 0
    },
  })
  return { events: await receive(source, job), reconnectionTime: told }
}

async function run(job: Job): Promise<JobReport> {
  const [native, ours] = await Promise.all([receiveNatively(job), receiveWithOurs(job)])
  return { number: job.number, native, ours }
}

async function runLane(control: string): Promise<void> {
  let reports: JobReport[] = []
  for (;;) {
    const response = await fetch(control, { method: 'POST', body: JSON.stringify(reports) })
    const jobs = (await response.json()) as Job[]
    reports = await Promise.all(jobs.map(run))
  }
}

const control = new URL(location.href).searchParams.get('control') ?? ''
// The lanes start after the page has loaded, so that opening the page ends.
addEventListener('load', () => {
  // In the end the runner goes away, and requests to it fail. It detects silence itself.
  for (let lane = 0; lane < lanes; lane++) runLane(control).catch(() => {})
})
