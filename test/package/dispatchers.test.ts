import { createRequire } from 'node:module'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type HttpServer, startHttpServer } from '../http-server.ts'
import { installed } from '../installed.ts'
import { nodeExecutable } from '../runtimes/binaries.ts'
import { runModule } from './program.ts'

const copies = createRequire(new URL('../runtimes/package.json', import.meta.url))

let server: HttpServer

beforeAll(async () => {
  server = await startHttpServer((_, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write('data: hello\n\n')
  })
})
afterAll(() => server.close())

/** Returns the URL of a copy of undici, if it is installed. */
function findCopy(major: number): string | undefined {
  try {
    return pathToFileURL(copies.resolve(`undici-${major}`)).href
  } catch {
    return undefined
  }
}

/** Returns the outcome for each dispatcher: the first event, or the error that the constructor throws. */
async function outcomesOf(dispatchers: readonly string[], copy: string, executable: string): Promise<unknown> {
  const printed = await runModule(
    `import { EventSource } from 'everysource'
    import undici from '${copy}'
    const { Agent, EnvHttpProxyAgent, Pool, ProxyAgent, RetryAgent } = undici
    const origin = '${server.origin}'
    const dispatchers = { ${dispatchers.map((text) => `"${text}": () => ${text}`).join(', ')} }
    const outcomes = {}
    for (const [text, create] of Object.entries(dispatchers)) {
      try {
        const source = new EventSource(origin, { dispatcher: create() })
        outcomes[text] = await new Promise((resolve) => {
          source.onmessage = ({ data }) => resolve(data)
          source.onerror = ({ message }) => resolve(message)
        })
        source.close()
      } catch (error) {
        outcomes[text] = error.name + ': ' + error.message
      }
    }
    console.log(JSON.stringify(outcomes))`,
    { executable, env: { NODE_NO_WARNINGS: '1' } },
  )
  return JSON.parse(printed)
}

const everywhere = ['new Agent()', 'new Pool(origin)', 'new Agent().compose()']

describe('The option dispatcher accepts undici 7 and newer', () => {
  test.for([
    [5, ['new Agent()', 'new Pool(origin)', 'new ProxyAgent(origin)']],
    [6, [...everywhere, 'new ProxyAgent(origin)', 'new EnvHttpProxyAgent()']],
  ] as const)('A dispatcher of undici %d is rejected', async ([major, dispatchers], { skip }) => {
    const copy = installed(`undici ${major}`, findCopy(major), skip)
    const message = 'TypeError: dispatcher is [object Object], not a Dispatcher of undici 7 or newer'
    // A composed one looks like a newer one until it is used.
    const late = 'dispatcher is not a Dispatcher of undici 7 or newer'
    const refused = Object.fromEntries(dispatchers.map((text) => [text, text.includes('compose') ? late : message]))
    expect(await outcomesOf(dispatchers, copy, process.execPath)).toEqual(refused)
  })

  test.for([
    [7, 20],
    [8, 22],
    [8, 24],
    [8, 26],
  ] as const)('A dispatcher of undici %d is used in Node %d', async ([major, nodeMajor], { skip }) => {
    const copy = installed(`undici ${major}`, findCopy(major), skip)
    const executable = installed(`Node ${nodeMajor}`, nodeExecutable(nodeMajor), skip)
    const dispatchers = [...everywhere, 'new EnvHttpProxyAgent()', 'new RetryAgent(new Agent())']
    const used = Object.fromEntries(dispatchers.map((text) => [text, 'hello']))
    expect(await outcomesOf(dispatchers, copy, executable)).toEqual(used)
  })
})
