import type { RequestListener } from 'node:http'
import { json } from 'node:stream/consumers'
import { type BrowserName, launchers } from '../browsers.ts'
import type { Browser } from '../conformance/runners/run-browser.ts'
import { startPageServer } from '../page-server.ts'

/** One call of a handler (`on…`) or of a listener. */
export interface Call {
  readonly by: 'handler' | 'listener'
  readonly type: string
  /** The data of a MessageEvent; null for any other event. */
  readonly data: string | null
  readonly readyState: number
}

export interface Feed {
  readonly url: string
  readonly withCredentials?: boolean
  /** The headers of the request, only for our client. */
  readonly headers?: Record<string, string>
}

/** What a page has learned about a feed. */
export interface Attempt {
  readonly opened: boolean
  readonly message?: { readonly data: string; readonly origin: string }
  readonly error?: {
    readonly reason: string | undefined
    readonly status: number | undefined
    readonly body: string | undefined
    readonly headers: readonly unknown[] | undefined
  }
}

interface Both<Result> {
  readonly native: Result
  readonly ours: Result
}

/** The programs of the page, which use the native EventSource and ours. */
export interface Programs {
  recordCalls(given: { readonly url: string; readonly names: readonly string[] }): Promise<Both<Call[]>>
  tryFeeds(given: readonly Feed[]): Promise<Both<Attempt[]>>
}

/** A browser that runs the programs, each in its own page. */
export interface ProgramBrowser {
  /** The origin of the pages. */
  readonly origin: string
  run<Name extends keyof Programs>(
    name: Name,
    given: Parameters<Programs[Name]>[0],
  ): Promise<Awaited<ReturnType<Programs[Name]>>>
  close(): Promise<void>
}

/** @param listener answers all other requests of the pages to their own origin */
export async function startProgramBrowser(name: BrowserName, listener: RequestListener): Promise<ProgramBrowser> {
  const launch = launchers[name]
  if (launch === undefined) throw new Error(`${name} is not installed`)
  let settle: (report: { result?: unknown; error?: string }) => void = () => {}
  const server = await startPageServer(new URL('programs.page.ts', import.meta.url), async (request, response) => {
    if (request.url === '/result') {
      settle((await json(request)) as { result?: unknown; error?: string })
      response.writeHead(204).end()
    } else listener(request, response)
  })
  let browser: Browser
  try {
    browser = await launch()
  } catch (error) {
    await server.close()
    throw error
  }
  return {
    origin: server.origin,
    async run(program, given) {
      const reported = new Promise<{ result?: unknown; error?: string }>((resolve) => {
        settle = resolve
      })
      const query = new URLSearchParams({ program, given: JSON.stringify(given) })
      await browser.openPage(`${server.origin}/page.html?${query}`, (problem) => {
        // Firefox logs every end of a stream as a script error.
        if (name !== 'firefox') settle({ error: problem })
      })
      const { result, error } = await reported
      if (error !== undefined) throw new Error(error)
      return result as never
    },
    async close() {
      await browser.close()
      await server.close()
    },
  }
}
