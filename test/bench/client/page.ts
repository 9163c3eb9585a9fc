import type { SubjectName } from '../subjects.ts'
import { adapters, type Load } from './adapters.ts'
import { readWithFetch } from './read-with-fetch.ts'
import { createDispatch, type Read, readWithParser } from './read-with-parser.ts'
import { receiveAll } from './receive.ts'

const baselines: Partial<Record<SubjectName, (load: Load) => Promise<Read>>> = {
  'fetch-discard': async () => (url) => readWithFetch(url, () => {}),
  'fetch-message': (load) => readWithParser(readWithFetch, load, createDispatch()),
}

/** Measures a flood in a page whose URL has `?subject=NAME&count=N`, and posts the values to /measured. */
export async function measurePage(load: Load): Promise<void> {
  const parameters = new URLSearchParams(location.search)
  const subject = `${parameters.get('subject')}` as SubjectName
  const count = Number(parameters.get('count'))
  const client = await adapters[subject]?.(load, '')
  const reader = {
    client,
    read: await baselines[subject]?.(load),
    urlOf: (events: number) => `/flood?count=${events}`,
  }
  await receiveAll(reader, 1_000)
  await fetch('/go')
  const start = performance.now()
  await receiveAll(reader, count)
  const wall = ((performance.now() - start) * 1_000) / count
  await fetch('/measured', { method: 'POST', body: JSON.stringify({ wall }) })
}
