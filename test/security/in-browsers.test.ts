import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { browserNames, launchers } from '../browsers.ts'
import { type HttpServer, startHttpServer } from '../http-server.ts'
import { describeWith } from '../installed.ts'
import { hostileNames } from './hostile-names.ts'
import { type Attempt, type Call, type Feed, type ProgramBrowser, startProgramBrowser } from './programs.ts'

/** The event names of the standard, which a stream can use, too. */
const ownNames = ['open', 'message', 'error']
const names = [...ownNames, ...hostileNames]

/** Sends one event with each name, and then the response that stops a client. */
function sendNames(request: IncomingMessage, response: ServerResponse): void {
  if (request.headers['last-event-id'] === 'end') {
    response.writeHead(204).end()
    return
  }
  response.writeHead(200, { 'Content-Type': 'text/event-stream' })
  response.end(`retry: 1\nid: end\n${names.map((name) => `event: ${name}\ndata: ${name} of the stream\n\n`).join('')}`)
}

function callsOf(type: string, data: string | null, readyState: number): Call[] {
  const listener: Call = { by: 'listener', type, data, readyState }
  return ownNames.includes(type) ? [{ ...listener, by: 'handler' }, listener] : [listener]
}

/** What a page may learn about a feed that it may not read. */
const nothing: Attempt = {
  opened: false,
  error: { reason: 'network', status: undefined, body: undefined, headers: undefined },
}

/** Omits the code, because a native EventSource has none. */
function withoutCode({ opened, message }: Attempt): Pick<Attempt, 'opened' | 'message'> {
  return { opened, ...(message && { message }) }
}

const cookie = 'session=secret'

/** The CORS headers of a server on another origin, and whether a page may read it without and with cookies. */
const policies = [
  { path: '/silent', allow: undefined, credentials: false, mayRead: [false, false] },
  { path: '/somebody-else', allow: 'http://somebody.example', credentials: true, mayRead: [false, false] },
  { path: '/anybody', allow: '*', credentials: false, mayRead: [true, false] },
  { path: '/anybody-with-cookies', allow: '*', credentials: true, mayRead: [true, false] },
  { path: '/page', allow: 'page', credentials: false, mayRead: [true, false] },
  { path: '/page-with-cookies', allow: 'page', credentials: true, mayRead: [true, true] },
] as const

for (const name of browserNames) {
  describeWith(name, launchers[name], `A page in ${name} is safe`, { timeout: 120_000 }, () => {
    let browser: ProgramBrowser
    let other: HttpServer
    let requests: IncomingMessage[] = []

    const answerPage: RequestListener = (request, response) => {
      const url = new URL(request.url ?? '', browser.origin)
      if (url.pathname === '/names') sendNames(request, response)
      else if (url.pathname === '/cookie') {
        response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Set-Cookie': `${cookie}; Path=/` })
        response.end('data\n\n')
      } else if (url.pathname === '/redirect') {
        response.writeHead(307, { Location: url.searchParams.get('to') ?? '' }).end()
      } else response.writeHead(404).end()
    }
    const answerOther: RequestListener = (request, response) => {
      requests.push(request)
      if (request.url === '/page-with-headers') {
        response.setHeader('Access-Control-Allow-Headers', 'X-Token')
        response.setHeader('Access-Control-Allow-Origin', browser.origin)
      }
      const { allow, credentials } = policies.find(({ path }) => path === request.url) ?? {}
      if (allow !== undefined) {
        response.setHeader('Access-Control-Allow-Origin', allow === 'page' ? browser.origin : allow)
      }
      if (credentials) response.setHeader('Access-Control-Allow-Credentials', 'true')
      response.writeHead(200, { 'Content-Type': 'text/event-stream', 'X-Secret': 'of the server' })
      response.end('data: secret of the server\n\n')
    }

    /** Returns each policy without and with credentials, after setting a cookie for the host, which all ports share. */
    async function feedsOfPolicies(): Promise<Feed[]> {
      await browser.run('tryFeeds', [{ url: `${browser.origin}/cookie` }])
      requests = []
      return policies.flatMap(({ path }) =>
        [false, true].map((withCredentials) => ({ url: `${other.origin}${path}`, withCredentials })),
      )
    }

    beforeAll(async () => {
      other = await startHttpServer(answerOther)
      browser = await startProgramBrowser(name, answerPage)
    }, 120_000)
    afterAll(async () => {
      await browser?.close()
      await other?.close()
    }, 60_000)

    it('Events with the type open, error or anything else are the same as in the native EventSource', async () => {
      const { native, ours } = await browser.run('recordCalls', { url: `${browser.origin}/names`, names })
      const expected = [
        ...callsOf('open', null, 1),
        ...names.flatMap((type) => callsOf(type, `${type} of the stream`, 1)),
        ...callsOf('error', null, 0),
        ...callsOf('error', null, 2),
      ]
      expect(ours).toEqual(expected)
      expect(native).toEqual(expected)
    })

    it('A page reads from another origin what that allows, as with the native EventSource', async () => {
      const { native, ours } = await browser.run('tryFeeds', await feedsOfPolicies())
      const message = { data: 'secret of the server', origin: other.origin }
      const expected = policies.flatMap(({ mayRead }) =>
        mayRead.map((may): Attempt => (may ? { opened: true, message } : nothing)),
      )
      expect(ours).toEqual(expected)
      expect(native.map(withoutCode)).toEqual(expected.map(withoutCode))
    })

    it('Cookies are sent to another origin only with credentials, as with the native EventSource', async () => {
      await browser.run('tryFeeds', await feedsOfPolicies())
      const seen = requests.map(({ url, headers }) => [url, headers.cookie])
      // One feed of each policy is without and one with credentials, in both clients.
      const expected = policies.flatMap(({ path }) => {
        return [undefined, undefined, cookie, cookie].map((sent) => [path, sent])
      })
      expect(seen.map(String).sort()).toEqual(expected.map(String).sort())
    })

    it('A header of the page is sent to another origin only if a preflight allows it', async () => {
      requests = []
      const headers = { 'X-Token': 'secret of the page' }
      const feeds = ['/silent', '/page', '/page-with-headers'].flatMap((path): Feed[] => [
        { url: `${other.origin}${path}`, headers },
        { url: `${browser.origin}/redirect?to=${encodeURIComponent(other.origin + path)}`, headers },
      ])
      const { ours } = await browser.run('tryFeeds', feeds)
      expect(ours.map(({ opened }) => opened)).toEqual([false, false, false, false, true, true])
      const toldTheSecret = requests.filter((request) => request.rawHeaders.includes(headers['X-Token']))
      expect(toldTheSecret.map(({ method, url }) => [method, url])).toEqual([
        ['GET', '/page-with-headers'],
        ['GET', '/page-with-headers'],
      ])
    })

    it('A redirect to another origin does not change what a page may read', async () => {
      const redirect = (path: string): Feed => ({
        url: `${browser.origin}/redirect?to=${encodeURIComponent(other.origin + path)}`,
      })
      const { native, ours } = await browser.run('tryFeeds', ['/silent', '/page'].map(redirect))
      const message = { data: 'secret of the server', origin: other.origin }
      const expected = [nothing, { opened: true, message }]
      expect(ours).toEqual(expected)
      expect(native.map(withoutCode)).toEqual(expected.map(withoutCode))
    })
  })
}
