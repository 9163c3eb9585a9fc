import { EventSource as OurEventSource } from '../../src/index.ts'
import type { Job, JobReport, Reception, SeenEvent } from './observation.ts'

/*
 * Listens to streams with the browser's EventSource and with ours. It gets them from the address that its own has as
 * `control`, some at a time, and hands in what it saw when it asks for more.
 */

type AnyEventSource = Pick<EventSource, 'addEventListener' | 'close' | 'readyState'>

/** Each asks for more as soon as all its streams are done. */
const lanes = 5

function receive(source: AnyEventSource, { types, patience }: Job): Promise<readonly SeenEvent[]> {
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
      // A stream may have events of this type, too.
      if (event instanceof MessageEvent) return
      // The answer to its next request has stopped it.
      if (source.readyState === EventSource.CLOSED) finish()
      else timer ??= setTimeout(finish, patience)
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
// Only after the page has loaded, so that whoever opened it can go on.
addEventListener('load', () => {
  // The runner goes away in the end, and what is asked for then fails; it watches for silence by itself.
  for (let lane = 0; lane < lanes; lane++) runLane(control).catch(() => {})
})
