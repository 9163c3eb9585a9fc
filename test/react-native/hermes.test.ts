import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import process from 'node:process'
import { describe, expect, inject, onTestFinished, test, vi } from 'vitest'
import { faultKinds } from '../../fixtures/fault-proxy/seeded-plan.ts'
import type { FaultProxy } from '../../fixtures/fault-proxy.ts'
import type { ReceiveReport } from '../faults/receive-all.ts'
import type { Receiver } from '../faults/receivers.ts'
import { errorsOf, runThroughFaults } from '../faults/run-through-faults.ts'
import { startHttpServer } from '../http-server.ts'
import { bundlePackage } from './hermes/bundle-program.ts'
import type { Platform } from './hermes/networking.ts'
import { startHermes, startProgram } from './programs/start-program.ts'
import { hermesExecutable, type Version } from './versions.ts'

const { CI } = process.env

const runtimes: readonly (readonly [Version, Platform])[] = [
  ['0.76', 'android'],
  ['0.79', 'ios'],
  ['0.84', 'android'],
  ['0.88', 'ios'],
]

/** The oldest and the newest version: the differences between the others do not matter to these tests. */
const platforms: typeof runtimes = [
  ['0.76', 'ios'],
  ['0.88', 'android'],
]

const nameOf = ([version, platform]: (typeof runtimes)[number]): string => `React Native ${version} on ${platform}`

/** Starts a server for the duration of the test; requests that the listener does not answer stay open. */
async function serve(listener: RequestListener): Promise<string> {
  const server = await startHttpServer(listener)
  onTestFinished(() => server.close())
  return server.origin
}

function openStream(response: ServerResponse, text = ''): ServerResponse {
  response.writeHead(200, { 'Content-Type': 'text/event-stream' }).flushHeaders()
  if (text) response.write(text)
  return response
}

/** A script that reports the names of all members of the global object and of the shared prototypes. */
const inventory = `
  // React Native defines further globals when these are first used.
  void [fetch, Headers, URL, XMLHttpRequest]
  const shared = [Object, Function, Array, String, Number, Promise, Symbol, RegExp, Date, Map, Set, Error]
  const places = [globalThis, ...shared, ...shared.map(({ prototype }) => prototype)]
  __tell({ result: places.map((place) => Reflect.ownKeys(place).map(String).sort().join()) })`

describe.runIf(hermesExecutable() ?? CI)('The package works in Hermes, with the JavaScript of React Native', () => {
  describe.each(runtimes.map((runtime) => [nameOf(runtime), runtime] as const))(
    'The package works in %s',
    (_, runtime) => {
      test('Importing the package throws nothing and changes no global', async () => {
        const before = await startHermes(runtime)
        before.hermes.load(inventory)
        const after = await startHermes(runtime)
        after.hermes.load(await bundlePackage(inject('consumer')))
        after.hermes.load(inventory)
        const [left, right] = (await Promise.all([before.result, after.result])) as [string[], string[]]
        expect(after.problems).toEqual([])
        expect(right.map((names) => names.replace('__everysource,', ''))).toEqual(left)
      })

      test('An endless stream opens at once, delivers its events, and ends at the server with close()', async () => {
        let hasEnded = false
        const origin = await serve((request, response) => {
          openStream(response, 'data: first\n\n')
          request.on('close', () => {
            hasEnded = true
          })
        })
        const { hermes, values, problems } = await startProgram(runtime, 'watch', { url: `${origin}/events` })
        await values('open')
        expect(await values('message')).toEqual(['first'])
        expect(hasEnded).toBe(false)
        hermes.load('__close()')
        await vi.waitFor(() => expect(hasEnded).toBe(true), { timeout: 10_000 })
        expect(problems).toEqual([])
      })

      test('close() also ends a request that the native side has not numbered yet', async () => {
        let requests = 0
        let ended = 0
        const origin = await serve((request) => {
          requests++
          request.socket.on('close', () => ended++)
        })
        const { hermes } = await startProgram(runtime, 'watch', { url: `${origin}/events` })
        // Evaluated in the task after the one that sent the request.
        hermes.load('__close()')
        await vi.waitFor(() => expect([requests, ended]).toEqual([requests, requests]), { timeout: 10_000 })
      })

      test('Invalid and relative URLs are SyntaxErrors, and credentials are sent as a header only', async () => {
        const urls = ['http://this is invalid/', 'http://', '/relative', 'http://[::1', 'http://127.0.0.1:99999/', '']
        const { result } = await startProgram(runtime, 'construct', { urls })
        const thrown = (await result) as { name: string; message: string }[]
        expect(thrown.map(({ name }) => name)).toEqual(urls.map(() => 'SyntaxError'))
        let seen: IncomingMessage | undefined
        const origin = await serve((request, response) => {
          seen = request
          openStream(response)
        })
        const url = `${origin.replace('//', '//user:s%C3%A9cret@')}/events?q=1`
        const { values } = await startProgram(runtime, 'watch', { url })
        await values('open')
        expect(seen?.url).toBe('/events?q=1')
        expect(seen?.headers.authorization).toBe(`Basic ${Buffer.from('user:sécret').toString('base64')}`)
      })

      test('The text of an error of XMLHttpRequest becomes the message of the error, not an event', async () => {
        let requests = 0
        const origin = await serve((_, response) => {
          requests++
          openStream(response, requests === 1 ? 'retry: 10\ndata: whole\n\ndata: half\n' : 'data: next\n\n')
          // Not at once, since bytes sent together with a reset may be lost.
          if (requests === 1) setTimeout(() => response.destroy(), 100)
        })
        const { reports, values } = await startProgram(runtime, 'watch', { url: `${origin}/events` })
        await values('message', 2)
        expect(reports).toEqual([
          { event: 'open', value: null },
          { event: 'message', value: 'whole' },
          {
            event: 'error',
            value: {
              reason: 'network',
              message: expect.stringMatching(/unexpected end of stream|The network connection was lost/),
              willReconnect: true,
            },
          },
          { event: 'open', value: null },
          { event: 'message', value: 'next' },
        ])
      })
    },
  )

  describe.each(platforms.map((runtime) => [nameOf(runtime), runtime] as const))(
    'The package works in %s',
    (_, runtime) => {
      const events = CI ? 100_000 : 3_000

      test(`${events} numbered events arrive once and in order through a proxy that breaks nearly every connection`, async () => {
        const receiver: Receiver = {
          name: nameOf(runtime),
          executable: hermesExecutable(),
          faultKinds,
          async receive(_proxy: FaultProxy, task) {
            const { result, problems } = await startProgram(runtime, 'receive', task)
            const report = (await result) as ReceiveReport
            expect(problems).toEqual([])
            return report
          },
        }
        const run = await runThroughFaults({ receiver, api: 'EventSource', events, seed: 20, maxRunTime: 400_000 })
        expect(errorsOf(run)).toEqual([])
      })

      test('A stream of 32 MB is received without an increase of the memory of the process', async () => {
        const event = `data: ${'x'.repeat(1_000)}\n\n`
        const size = 32_000_000
        const origin = await serve((_, response) => {
          const stream = openStream(response)
          const write = (): void => {
            while (stream.write(event.repeat(64))) if (stream.destroyed) return
            stream.once('drain', write)
          }
          write()
        })
        const memory: Promise<number>[] = []
        const { hermes, result, problems } = await startProgram(
          runtime,
          'flood',
          { url: `${origin}/events`, size },
          () => memory.push(hermes.residentMemory()),
        )
        expect(await result).toBeGreaterThanOrEqual(size)
        const measured = await Promise.all(memory)
        // A third of the text received between the second measurement and the last.
        expect((measured.at(-1) ?? Infinity) - (measured[1] ?? 0), measured.join()).toBeLessThan(size / 4)
        expect(problems).toEqual([])
      })

      test('A loop over openEventStream receives 4 MB in response to a POST with async headers', async () => {
        const count = 400
        const seen: unknown[] = []
        const origin = await serve((request, response) => {
          let body = ''
          request.on('data', (chunk) => {
            body += chunk
          })
          request.on('end', () => {
            seen.push([request.method, request.headers.authorization, body])
            const stream = openStream(response)
            for (let number = 1; number <= count; number++) stream.write(`data: ${'é'.repeat(10_000)} ${number}\n\n`)
          })
        })
        const init = { method: 'POST', body: JSON.stringify({ ask: 'žluť' }) }
        const { result } = await startProgram(runtime, 'iterate', { url: `${origin}/chat`, init, count })
        expect(await result).toMatchObject({ count, last: expect.stringMatching(/é 400$/) })
        expect(seen).toEqual([['POST', 'Bearer fresh', JSON.stringify({ ask: 'žluť' })]])
      })
    },
  )

  const runtime = platforms[0] ?? (['0.76', 'ios'] as const)

  test('A wait for the next attempt ends when the app becomes active', async () => {
    let requests = 0
    const origin = await serve((_, response) => {
      requests++
      const stream = openStream(response, 'retry: 600000\ndata: a\n\n')
      if (requests === 1) stream.end()
    })
    const { hermes, values } = await startProgram(runtime, 'watch', { url: `${origin}/events` })
    await values('error')
    hermes.setAppState('background')
    hermes.setAppState('active')
    await values('message', 2)
    expect(requests).toBe(2)
  })

  test('A connection that was lost in the background is replaced soon after the app becomes active', async () => {
    const ids: unknown[] = []
    const origin = await serve((request, response) => {
      ids.push(request.headers['last-event-id'])
      openStream(response, `retry: 600000\nid: ${ids.length}\ndata: a\n\n`)
    })
    const { hermes, values } = await startProgram(runtime, 'watch', { url: `${origin}/events` })
    await values('message')
    hermes.setAppState('background')
    hermes.networking.suspend()
    hermes.networking.cutConnections()
    hermes.setAppState('active')
    hermes.networking.resume()
    await values('message', 2)
    expect(ids).toEqual([undefined, '1'])
  })

  test('With pauseWhenHidden, the connection is closed in the background, and not while the app is inactive', async () => {
    const ids: unknown[] = []
    let open = 0
    const origin = await serve((request, response) => {
      ids.push(request.headers['last-event-id'])
      open++
      request.socket.on('close', () => open--)
      openStream(response, `id: ${ids.length}\ndata: a\n\n`)
    })
    const init = { pauseWhenHidden: true }
    const { hermes, values, reports } = await startProgram(runtime, 'watch', { url: `${origin}/events`, init })
    await values('message')
    hermes.setAppState('inactive')
    hermes.setAppState('active')
    hermes.setAppState('inactive')
    hermes.setAppState('background')
    await vi.waitFor(() => expect(open).toBe(0), { timeout: 10_000 })
    expect(ids).toEqual([undefined])
    hermes.setAppState('active')
    await values('message', 2)
    expect(ids).toEqual([undefined, '1'])
    expect(reports.map(({ event }) => event)).toEqual(['open', 'message', 'open', 'message'])
  })

  test('A response that grew beyond maxResponseSize is replaced after an event with an ID, without an error', async () => {
    const ids: unknown[] = []
    const origin = await serve((request, response) => {
      ids.push(request.headers['last-event-id'])
      const first = ids.length * 10
      for (let number = first; number < first + 3; number++) {
        openOrWrite(response, `id: ${number}\ndata: ${'x'.repeat(600)}\n\n`)
      }
    })
    const init = { maxResponseSize: 1_000 }
    const { values, reports } = await startProgram(runtime, 'watch', { url: `${origin}/events`, init })
    await values('open', 3)
    // The response ends after the event that exceeds the limit, or after the chunk that contains it.
    expect(ids.slice(0, 3).join()).toMatch(/^,1[12],2[12]$/)
    expect(reports.map(({ event }) => event)).not.toContain('error')
  })

  test('A fetch that streams, such as Expo’s, is used instead of XMLHttpRequest', async () => {
    const origin = await serve((_, response) => openStream(response, 'data: over XMLHttpRequest\n\n'))
    const { hermes, problems, reports } = await startHermes(['0.88', 'ios'])
    hermes.load(await bundlePackage(inject('consumer')))
    // A mock of Expo's fetch, whose native side exists only on devices.
    hermes.load(`
      globalThis.TextDecoder = function () { this.decode = (bytes) => String.fromCharCode(...bytes) }
      const bytes = Uint8Array.from('data: over fetch\\n\\n', (character) => character.charCodeAt(0))
      const chunks = [{ done: false, value: bytes }]
      const reader = { read: () => Promise.resolve(chunks.shift() || new Promise(() => {})), cancel: () => Promise.resolve() }
      const headers = new Headers({ 'content-type': 'text/event-stream' })
      globalThis.fetch = () => Promise.resolve({ status: 200, url: '', headers, body: { getReader: () => reader } })
      globalThis.fetch[Symbol.for('expo.builtin')] = true
      const source = new __everysource.EventSource('${origin}')
      source.onmessage = ({ data }) => __tell({ event: 'message', value: data })`)
    await vi.waitFor(() => expect(reports).toEqual([{ event: 'message', value: 'over fetch' }]), { timeout: 10_000 })
    expect(problems).toEqual([])
  })

  test('SharedEventSource is a plain EventSource, and prints one warning about it', async () => {
    const origin = await serve((_, response) => openStream(response, 'data: a\n\n'))
    const { hermes, reports } = await startHermes(runtime)
    hermes.load(await bundlePackage(inject('consumer')))
    hermes.load(`
      globalThis.__warnings = []
      console.warn = (text) => __warnings.push(text)
      const { SharedEventSource, EventSource } = __everysource
      const sources = [1, 2].map(() => new SharedEventSource('${origin}', { scope: 'user' }))
      sources[1].onmessage = ({ data }) => {
        __tell({ event: data, value: [sources[1] instanceof EventSource, __warnings.length] })
        for (const source of sources) source.close()
      }`)
    await vi.waitFor(() => expect(reports).toEqual([{ event: 'a', value: [true, 1] }]), { timeout: 10_000 })
  })
})

function openOrWrite(response: ServerResponse, text: string): void {
  if (response.headersSent) response.write(text)
  else openStream(response, text)
}
