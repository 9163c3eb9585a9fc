import { mkdtemp, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, inject, test } from 'vitest'
import { certificate, key } from '../../fixtures/certificate.ts'
import { startForwardProxy } from '../../fixtures/forward-proxy.ts'
import { startSocksProxy } from '../../fixtures/socks-proxy.ts'
import { readDocument, replaceAll, samplesFor } from './documents.ts'
import { type Program, startProgram } from './program.ts'

const reference = await readDocument('src/REFERENCE.md')
const agent = (await samplesFor('package/recipes.test.ts', 'src/REFERENCE.md'))('agent.mjs')

const listener: RequestListener = (_, response) => {
  response
    .writeHead(200, { 'Content-Type': 'text/event-stream' })
    .write('retry: 1\nid: 1\nevent: tick\ndata: hello\n\n')
}

let directory: string
const closers: (() => unknown)[] = []

beforeEach(async () => {
  directory = await mkdtemp(join(inject('consumer'), 'recipe-'))
})
afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()))
})

/** Starts a server, by default on a free port of this machine, and returns its address. */
async function listen(server: Server & { closeAllConnections(): void }, path?: string): Promise<string> {
  await new Promise<void>((fulfil, reject) => {
    server.once('error', reject)
    if (path) server.listen(path, fulfil)
    else server.listen(0, '127.0.0.1', fulfil)
  })
  closers.push(() => {
    server.close()
    server.closeAllConnections()
  })
  return path ?? `localhost:${(server.address() as AddressInfo).port}`
}

/** Returns the text between two delimiters, which must exist. */
function between(text: string, start: string, end: string): string {
  const [, rest] = text.split(start)
  const [found, after] = rest?.split(end) ?? []
  if (!found || after === undefined) throw new Error(`the reference has nothing between ${start} and ${end}`)
  return found
}

/**
 * Runs the reference's script for a dispatcher with the dispatcher of this recipe.
 * @param madeUp replacements for the example addresses in the reference
 */
async function follow(
  title: string,
  url: string,
  madeUp: Readonly<Record<string, string>> = {},
  env: NodeJS.ProcessEnv = {},
): Promise<Program> {
  const recipe = replaceAll(between(reference, `- **${title}:** \``, '`'), madeUp)
  const [className = ''] = /\w*Agent/.exec(recipe) ?? []
  const script = replaceAll(agent, {
    'new Agent({ bodyTimeout: 0 })': recipe,
    '{ Agent }': `{ ${className} }`,
    'http://localhost:3000/feed': url,
  })
  await writeFile(join(directory, 'agent.mjs'), `import { readFileSync } from 'node:fs'\n${script}`)
  return startProgram(['agent.mjs'], { cwd: directory, env })
}

const event = '1 hello'

test('Your own certificate authority is trusted', async () => {
  await writeFile(join(directory, 'ca.pem'), certificate)
  const host = await listen(createTlsServer({ cert: certificate, key }, listener))
  using program = await follow('Your own certificate authority', `https://${host}`)
  await program.printed(event)
})

test('A client certificate is sent', async () => {
  for (const name of ['ca.pem', 'client.pem']) await writeFile(join(directory, name), certificate)
  await writeFile(join(directory, 'client.key'), key)
  const strict = { cert: certificate, key, ca: certificate, requestCert: true, rejectUnauthorized: true }
  const host = await listen(createTlsServer(strict, listener))
  using program = await follow('A client certificate', `https://${host}`, {}, { NODE_EXTRA_CA_CERTS: 'ca.pem' })
  await program.printed(event)
})

test('A Unix socket is used', async () => {
  const path = await listen(createServer(listener), join(directory, 'feed.sock'))
  using program = await follow('A Unix socket', 'http://localhost/', { '/run/feed.sock': path })
  await program.printed(event)
})

const proxies = [
  ['A proxy', startForwardProxy, 'proxy.example:3128'],
  ['A SOCKS proxy', startSocksProxy, 'proxy.example:1080'],
] as const

test.for(proxies)('%s is used for one source, and receives the credentials', async ([title, start, madeUp]) => {
  await using proxy = await start()
  const host = await listen(createServer(listener))
  using program = await follow(title, `http://${host}`, { [madeUp]: `user:password@${proxy.host}` })
  await program.printed(event)
  expect(proxy.requests).toEqual([expect.stringContaining(host)])
  const told = 'users' in proxy ? proxy.users : proxy.authorizations
  expect(told).toEqual(['users' in proxy ? 'user:password' : `Basic ${btoa('user:password')}`])
})

// Agents for proxies do not forward all options, so a short limit shows whether undici receives it.
test.for(proxies)('%s receives the limit for silence where undici reads it', async ([title, start, madeUp]) => {
  await using proxy = await start()
  const host = await listen(createServer(listener))
  using program = await follow(title, `http://${host}`, {
    [madeUp]: proxy.host,
    'bodyTimeout: 0': 'bodyTimeout: 1',
  })
  await program.printed(event)
  // The stream is resumed in a new request.
  await expect.poll(() => proxy.requests.length).toBeGreaterThan(1)
})
