import { afterEach, beforeEach, expect, it } from 'vitest'
import { numberedEvent } from '../../fixtures/numbered-events.ts'
import { numberedFeed } from '../../fixtures/numbered-feed.ts'
import { type EventSourceInit, openEventStream } from '../../src/index.ts'
import { describeWith } from '../installed.ts'
import { nginx as executable, type Nginx, startNginx } from './start-nginx.ts'
import { retry, Upstream } from './upstream.ts'

let upstream: Upstream
let proxy: Nginx

beforeEach(async () => {
  upstream = new Upstream()
  await upstream.start(numberedFeed({ reconnectionTime: 20, pace: 2 }))
})

afterEach(async () => {
  await proxy?.close()
  await upstream.stop()
})

interface Run {
  /** The codes of the interruptions. */
  readonly interruptions: readonly string[]
  readonly responses: readonly Headers[]
}

/** Receives events up to `total`, each exactly once and in order. `at` is called with every number. */
async function receive(
  total: number,
  at: (number: number) => void = () => {},
  init: EventSourceInit = {},
): Promise<Run> {
  const interruptions: string[] = []
  const responses: Headers[] = []
  const stream = openEventStream(`${proxy.origin}/events`, {
    retry,
    onInterruption: ({ reason }) => interruptions.push(reason),
    onResponse: ({ headers }) => responses.push(headers),
    ...init,
  })
  let number = 0
  for await (const event of stream) {
    number++
    expect(event).toMatchObject({ ...numberedEvent(number), lastEventId: `${number}` })
    at(number)
    if (number === total) break
  }
  return { interruptions, responses }
}

describeWith('nginx', executable, 'Every event comes once and in order through nginx', {}, () => {
  it('Every event comes once while nginx is reloaded repeatedly', async () => {
    proxy = await startNginx(upstream.location('proxy_buffering off;'), { isReloadable: true })
    // The old processes close their connections one second after a reload.
    const { interruptions } = await receive(3_000, (number) => number % 700 === 0 && proxy.reload())
    expect(interruptions.length).toBeGreaterThan(0)
  })

  it('Every event comes once while the server behind nginx restarts and nginx answers 502', async () => {
    proxy = await startNginx(upstream.location('proxy_buffering off;'))
    const restarts: Promise<void>[] = []
    const { interruptions, responses } = await receive(300, (number) => {
      if (number % 100 === 0 && number < 300) restarts.push(upstream.restart())
    })
    await Promise.all(restarts)
    expect(interruptions.length).toBeGreaterThanOrEqual(2)
    expect(responses.length).toBeGreaterThanOrEqual(3)
  })

  it('Every event comes once when nginx times out a silent stream', async () => {
    // The upstream server is silent after every 50 events, until nginx times out.
    await upstream.restart((request, response) => {
      const last = Number(request.headers['last-event-id'] ?? 0)
      const feed = numberedFeed({ reconnectionTime: 20, total: last + 50 })
      feed(request, response)
    })
    // The timeout is long enough that a busy machine does not exceed it.
    proxy = await startNginx(upstream.location('proxy_buffering off;', 'proxy_read_timeout 4s;'))
    const { interruptions } = await receive(150)
    expect(interruptions).toHaveLength(2)
  })

  it('Every event comes once when nginx compresses the stream', async () => {
    proxy = await startNginx(
      upstream.location(
        'proxy_set_header Accept-Encoding "";',
        'gzip on;',
        'gzip_types text/event-stream;',
        'gzip_min_length 1;',
      ),
    )
    const { responses } = await receive(2_000)
    expect(responses).toHaveLength(1)
  })
})
