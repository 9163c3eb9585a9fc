import { describe, expect, it, vi } from 'vitest'
import { Attempt } from '../src/attempt.ts'
import type { EventSourceInit } from '../src/options/event-source-init.ts'
import { readSettings } from '../src/options/settings.ts'
import type { Outcome } from '../src/outcome.ts'
import { settle, useFakeTimers } from './fake-timers.ts'
import { ScriptedTransport } from './scripted-transport.ts'
import { type Started, start, url } from './start-attempt.ts'
import { uncaughtDuring } from './uncaught-during.ts'

useFakeTimers()

describe('An attempt calls onRequest, onResponse and onComment', () => {
  it('onRequest and onResponse receive the request and the response, even a refused one', async () => {
    const onRequest = vi.fn<NonNullable<EventSourceInit['onRequest']>>()
    const onResponse = vi.fn<NonNullable<EventSourceInit['onResponse']>>()
    const init = { onRequest, onResponse, headers: { 'X-Key': 'sesame' }, method: 'post' }
    const started = await start({ init, context: { attempt: 5, lastEventId: '7' } })
    started.latest.respond(503, { 'X-Reason': 'none' })
    expect(onRequest).toHaveBeenCalledOnce()
    const [request] = onRequest.mock.calls[0] ?? []
    expect(request).toMatchObject({ url, method: 'POST', attempt: 5 })
    expect([...(request?.headers ?? [])]).toEqual([
      ['accept', 'text/event-stream'],
      ['last-event-id', '7'],
      ['x-key', 'sesame'],
    ])
    expect(onResponse).toHaveBeenCalledOnce()
    const [response] = onResponse.mock.calls[0] ?? []
    expect(response).toMatchObject({ url, status: 503, attempt: 5 })
    expect(response?.headers.get('X-Reason')).toBe('none')
  })

  it('A callback that throws changes nothing, and its error is reported as uncaught', async () => {
    const thrown: Error[] = []
    const fail = (): never => {
      const error = new Error('thrown by a tap')
      thrown.push(error)
      throw error
    }
    let started: Started | undefined
    const uncaught = await uncaughtDuring(async () => {
      started = await start({ init: { onRequest: fail, onResponse: fail, onComment: fail } })
      started.latest.respond()
      started.latest.send(': a\ndata: b\n\n: c\ndata: d\n\n')
      await settle()
    })
    expect(thrown).toHaveLength(4)
    expect(uncaught).toEqual(thrown)
    expect(started?.reports).toEqual([
      ['open', 200],
      ['message', 'message', 'b'],
      ['message', 'message', 'd'],
    ])
    expect(started?.outcome).toBeUndefined()
  })

  it.each([
    ['onRequest', []],
    ['onResponse', []],
    ['acceptContentType', []],
    ['onComment', [['open', 200]]],
  ])('Aborting in %s ends everything', async (name, reported) => {
    const { transport, requests } = new ScriptedTransport()
    const reports: unknown[][] = []
    const outcomes: Outcome[] = []
    const abort = (): boolean => {
      attempt.abort()
      return true
    }
    const attempt: Attempt = new Attempt(
      readSettings(url, { idleTimeout: 100, [name]: abort }),
      { attempt: 1, failures: 0, lastEventId: '', previous: undefined },
      transport,
      {
        open: ({ status }) => reports.push(['open', status]),
        id: (id) => reports.push(['id', id]),
        message: (type, data) => reports.push(['message', type, data]),
        reconnectionTime: (milliseconds) => reports.push(['reconnectionTime', milliseconds]),
        ready: () => undefined,
        ended: (outcome) => outcomes.push(outcome),
      },
    )
    await settle()
    expect(requests).toHaveLength(name === 'onRequest' ? 0 : 1)
    requests[0]?.respond()
    requests[0]?.send(':\nid: 1\nretry: 1\ndata: a\n\n')
    await settle()
    expect(outcomes).toEqual([{ kind: 'aborted' }])
    expect(reports).toEqual(reported)
    expect(vi.getTimerCount()).toBe(0)
  })
})
