import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { type ErrorEvent, EventSource } from '../../src/index.ts'
import { ServerProcess } from './server-process.ts'

const crashes = 2
const numbersBetweenCrashes = 40

let stop: (() => Promise<void>) | undefined

afterEach(async () => {
  await stop?.()
  stop = undefined
})

describe.each(['express', 'better-sse', 'hono', 'fastify'])('A client resumes from a server made with %s', (name) => {
  it('The client resumes after each crash, and receives every number once', { timeout: 120_000 }, async () => {
    let server = await ServerProcess.start(name)
    const { port } = server
    const source = new EventSource(`http://127.0.0.1:${port}/count`)
    stop = async () => {
      source.close()
      await server.kill()
    }

    const numbers: number[] = []
    const ids: string[] = []
    const interruptions: ErrorEvent[] = []
    const counted = new EventTarget()
    const reach = async (count: number): Promise<void> => {
      while (numbers.length < count) await once(counted, 'count')
    }
    source.addEventListener('count', (event: MessageEvent<string>) => {
      numbers.push((JSON.parse(event.data) as { number: number }).number)
      ids.push(event.lastEventId)
      counted.dispatchEvent(new Event('count'))
    })
    source.addEventListener('error', (event) => {
      interruptions.push(event)
    })

    for (let crash = 1; crash <= crashes; crash++) {
      await reach(crash * numbersBetweenCrashes)
      const interrupted = once(source, 'error')
      await server.kill()
      await interrupted
      server = await ServerProcess.start(name, port)
    }
    await reach((crashes + 1) * numbersBetweenCrashes)
    source.close()

    expect(numbers).toEqual(Array.from(numbers, (_, index) => index + 1))
    expect(ids).toEqual(numbers.map(String))
    expect(interruptions.length).toBeGreaterThanOrEqual(crashes)
    expect(new Set(interruptions.map(({ reason }) => reason))).toEqual(new Set(['network']))
  })
})
