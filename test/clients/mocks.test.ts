import process from 'node:process'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type HttpServer, startHttpServer } from '../http-server.ts'
import { installed } from '../installed.ts'
import { startProgram } from '../package/program.ts'
import { nodeExecutable } from '../runtimes/binaries.ts'
import { directoryOf, isInstalled, load } from './groups.ts'

const eventStream = { 'Content-Type': 'text/event-stream' }

let server: HttpServer
let url: string
/** What has reached the network. */
const requests = vi.fn()
let takeBack: (() => unknown) | undefined

beforeEach(async () => {
  requests.mockReset()
  server = await startHttpServer((request, response) => {
    requests(request.url)
    response.writeHead(200, eventStream).write('data: real\n\n')
  })
  url = `${server.origin}/events`
})

afterEach(async () => {
  await takeBack?.()
  takeBack = undefined
  await server.close()
})

/** Makes requests for the URL be answered with an event whose data is `mocked`; returns what takes that back. */
type Mock = () => Promise<() => unknown>

async function mockByAgent(): Promise<() => Promise<void>> {
  const { MockAgent, getGlobalDispatcher, setGlobalDispatcher } = await load('libraries', 'undici')
  const previous = getGlobalDispatcher()
  const agent = new MockAgent()
  agent.disableNetConnect()
  agent.get(server.origin).intercept({ path: '/events' }).reply(200, 'data: mocked\n\n', { headers: eventStream })
  setGlobalDispatcher(agent)
  return async () => {
    setGlobalDispatcher(previous)
    await agent.close()
  }
}

async function mockByFetchMock(): Promise<() => void> {
  const { default: fetchMock } = await load('libraries', 'fetch-mock')
  fetchMock.mockGlobal().get(url, { headers: eventStream, body: 'data: mocked\n\n' })
  return () => fetchMock.hardReset()
}

async function mockByStub(): Promise<() => void> {
  vi.stubGlobal('fetch', async () => new Response('data: mocked\n\n', { headers: eventStream }))
  return () => vi.unstubAllGlobals()
}

async function mockByNock(): Promise<() => void> {
  const { default: nock } = await load('libraries', 'nock-14')
  if (!nock.isActive()) nock.activate()
  nock.disableNetConnect()
  nock(server.origin).get('/events').reply(200, 'data: mocked\n\n', eventStream)
  return () => {
    nock.cleanAll()
    nock.enableNetConnect()
    nock.restore()
  }
}

const mocks: readonly [string, Mock][] = [
  ["undici's MockAgent as the global dispatcher", mockByAgent],
  ['fetch-mock', mockByFetchMock],
  ['nock 14', mockByNock],
  ['vi.stubGlobal()', mockByStub],
]

/** Resolves with the data of the first event, or with the reason of an error. */
async function firstNews(): Promise<string> {
  const { EventSource } = await load('libraries', 'everysource')
  const source = new EventSource(url)
  try {
    return await new Promise((resolve) => {
      source.onmessage = ({ data }: { data: string }) => resolve(data)
      source.onerror = ({ reason }: { reason: string }) => resolve(`error: ${reason}`)
    })
  } finally {
    source.close()
  }
}

describe.skipIf(!isInstalled('libraries'))('A request in Node is sent to the mock that a test sets up', () => {
  test.for(mocks)(
    'A request is answered by %s, and does not reach the network until the mock is removed',
    async ([, mock]) => {
      takeBack = await mock()
      expect(await firstNews()).toBe('mocked')
      expect(requests).not.toHaveBeenCalled()

      await takeBack()
      takeBack = undefined
      expect(await firstNews()).toBe('real')
      expect(requests).toHaveBeenCalledTimes(1)
    },
  )

  test('A request is answered by a mock that is set up after a first connection', async () => {
    expect(await firstNews()).toBe('real')
    takeBack = await mockByStub()
    expect(await firstNews()).toBe('mocked')
    expect(requests).toHaveBeenCalledTimes(1)
  })

  /** What is printed while msw mocks the URL, and when it has gone. Version 3 wants Node 22. */
  async function listenWithMsw(version: number, kind: string, skip: (note: string) => never): Promise<string> {
    const executable = version === 2 ? process.execPath : installed('Node 22', nodeExecutable(22), skip)
    using program = startProgram(['msw.mjs', `${version}`, kind, url], { executable, cwd: directoryOf('libraries') })
    const { stdout, stderr, exitCode } = await program.exited
    if (exitCode !== 0) throw new Error(`exited with ${exitCode}\n${stdout}${stderr}`)
    return stdout
  }

  test.for([
    [2, 'http'],
    [3, 'http'],
    [2, 'sse'],
    [3, 'sse'],
  ] as const)('A request is answered by msw %d (%s) until msw is closed', async ([version, kind], { skip }) => {
    expect(await listenWithMsw(version, kind, skip)).toBe('mocked\nreal\n')
    expect(requests).toHaveBeenCalledTimes(1)
  })

  test.for([2, 3])(
    'A request fails without the network where msw %d has no handler for it',
    async (version, { skip }) => {
      expect(await listenWithMsw(version, 'unhandled', skip)).toBe('error: network\nreal\n')
      expect(requests).toHaveBeenCalledTimes(1)
    },
  )

  test.for(['nock-13', 'global-agent'].flatMap((tool) => ['import', 'require'].map((kind) => [tool, kind] as const)))(
    'A request is sent to its server where %s has replaced http.request, after %s',
    async ([tool, kind]) => {
      const cwd = directoryOf('libraries')
      using program = startProgram(['replaced-http.mjs', tool, kind, url], { executable: process.execPath, cwd })
      expect(await program.exited).toMatchObject({ stdout: 'real\n', stderr: '', exitCode: 0 })
      expect(requests).toHaveBeenCalledTimes(1)
    },
  )
})
