import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type HttpServer, startHttpServer } from '../http-server.ts'
import { samplesFor } from './documents.ts'
import { type SampleProject, startSampleProject } from './sample-project.ts'

const runner = 'package/programs.test.ts'
const inReadme = await samplesFor(runner, 'README.md')
const inReference = await samplesFor(runner, 'src/REFERENCE.md')

let project: SampleProject

beforeAll(async () => {
  project = await startSampleProject({ speed: 10 })
})
afterAll(() => project[Symbol.asyncDispose]())

/** A model API: answers with these blocks, and expects a JSON body and a key. */
async function startModel(blocks: readonly string[], busy = 0): Promise<HttpServer> {
  let refusals = 0
  return startHttpServer(async (request, response) => {
    const { stream } = (await json(request)) as { stream: unknown }
    const { authorization = '', 'x-api-key': key = '' } = request.headers
    if (stream !== true || !/^(Bearer )?secret$/.test(authorization || `${key}`))
      response.writeHead(400).end('bad request')
    else if (refusals++ < busy) response.writeHead(429, { 'Retry-After': '1' }).end()
    else
      response
        .writeHead(200, { 'Content-Type': 'text/event-stream' })
        .end(blocks.map((block) => `${block}\n\n`).join(''))
  })
}

const asModel = (model: HttpServer) => ({ MODEL_URL: model.origin, MODEL_KEY: 'secret' })
const chunk = (content: string): string => `data: ${JSON.stringify({ choices: [{ delta: { content } }] })}`

test('README: first.mjs prints the events', async () => {
  await project.write('first.mjs', inReadme('first.mjs'))
  using program = project.start(['first.mjs'])
  await program.printed('tick 1 {"number":1}')
  await program.printed('tick 6 {"number":6}')
})

test('README: token.mjs fetches a new token after a 401, and continues after the last event', async () => {
  await project.write('token.mjs', inReadme('token.mjs'))
  using program = project.start(['token.mjs'])
  await program.printed('1 {"number":1}')
  await program.reported(/HTTP 401 Unauthorized from .* \(reconnecting\)/)
  await program.printed('21 {"number":21}')
})

test('README: answer.mjs waits while the server is busy, prints the answer, and ends at its marker', async () => {
  await using model = await startModel([chunk('one, '), chunk('two'), 'data: [DONE]'], 1)
  await project.write('answer.mjs', inReadme('answer.mjs'))
  using program = project.start(['answer.mjs'], asModel(model))
  expect(await program.exited).toEqual({ stdout: 'one, two', stderr: '', exitCode: 0 })
})

test('README: answer.mjs fails at an error inside the answer, and at an answer without its marker', async () => {
  await project.write('answer.mjs', inReadme('answer.mjs'))
  for (const [last, message] of [
    ['data: {"error":{"message":"overloaded"}}', 'decode: overloaded'],
    [chunk('two'), 'the stream ended before the event for which until returns true'],
  ] as const) {
    await using model = await startModel([chunk('one, '), last])
    using program = project.start(['answer.mjs'], asModel(model))
    const { stdout, stderr, exitCode } = await program.exited
    expect(stdout).toMatch(/^one, /)
    // One line, without the stack of an uncaught error.
    expect(stderr).toBe(`\n${message}\n`)
    expect(exitCode).toBe(1)
  }
})

test.for([
  ['README', 'polyfill.mjs', inReadme],
  ['the reference', 'drop-in.mjs', inReference],
  ['the reference', 'common.cjs', inReference],
] as const)('%s: %s prints the events', async ([, name, text]) => {
  await project.write(name, text(name))
  using program = project.start([name])
  await program.printed('1 {"number":1}')
  await program.printed('6 {"number":6}')
})

test('The reference: the package in between has a named export and a default one, for import and require', async () => {
  const between = join(project.directory, 'node_modules/eventsource')
  await mkdir(between)
  await writeFile(join(between, 'package.json'), '{ "name": "eventsource", "main": "index.js" }')
  await writeFile(join(between, 'index.js'), inReference('index.js'))
  const uses = {
    'named.mjs': "import { EventSource as Used } from 'eventsource'",
    'default.mjs': "import Used from 'eventsource'",
    'required.cjs': "const Used = require('eventsource')",
    'required-name.cjs': "const { EventSource: Used } = require('eventsource')",
  }
  for (const [name, use] of Object.entries(uses)) {
    await project.write(
      name,
      `${use}\nnew Used('${project.origin}/feed').addEventListener('tick', ({ data }) => console.log(data))`,
    )
    using program = project.start([name])
    await program.printed('{"number":1}')
  }
})

test('The reference: drop-in.mjs reports the connection and its end', async () => {
  await project.write('drop-in.mjs', inReference('drop-in.mjs'))
  using program = project.start(['drop-in.mjs'])
  await program.printed('connected')
  await program.reported(/^.*ended.* - next attempt in \d+ ms$/m)
})

test('The reference: a program that uses the global class runs with the polyfill', async () => {
  await project.write('app.mjs', inReadme('polyfill.mjs').replace(/^import .*$/m, ''))
  using program = project.startShell(inReference('node --import everysource/polyfill app.mjs'))
  await program.printed('1 {"number":1}')
})

test('The reference: post.mjs receives the answer, and closes at its end', async () => {
  await project.write('post.mjs', inReference('post.mjs'))
  using program = project.start(['post.mjs'])
  const { stdout } = await program.exited
  expect(stdout).toMatch(/^{"number":1}\n(.*\n){3}{"number":5}\n.* false\n$/)
})

test('The reference: resume-by-get.mjs sends its question once, and resumes by GET', async () => {
  const methods: (string | undefined)[] = []
  await using server = await startHttpServer(async (request, response) => {
    methods.push(request.method)
    if (request.method === 'POST') await json(request)
    const number = Number(request.headers['last-event-id'] ?? 0) + 1
    response.writeHead(200, { 'Content-Type': 'text/event-stream' })
    response.end(`retry: 1\nevent: tick\nid: ${number}\ndata: ${number}\n\n`)
  })
  const text = inReference('resume-by-get.mjs').replace('http://localhost:3000', server.origin)
  await project.write('resume-by-get.mjs', text)
  using program = project.start(['resume-by-get.mjs'])
  await program.printed('3')
  expect(methods.slice(0, 3)).toEqual(['POST', 'GET', 'GET'])
})

test('The reference: job.mjs ends when the job is done', async () => {
  await project.write('job.mjs', inReference('job.mjs'))
  using program = project.start(['job.mjs'])
  const { stdout, exitCode } = await program.exited
  expect(stdout.trim().split('\n').at(-1)).toBe('{"number":12}')
  expect(exitCode).toBe(0)
})

test('The reference: in-band.mjs prints the events of an answer, and ends at either marker', async () => {
  await project.write('in-band.mjs', inReference('in-band.mjs'))
  for (const mark of ['data: [DONE]', 'event: message_stop\ndata: {}']) {
    await using model = await startModel(['event: delta\ndata: {"text":"one"}', mark])
    using program = project.start(['in-band.mjs'], asModel(model))
    expect(await program.exited).toEqual({ stdout: "delta { text: 'one' }\n", stderr: '', exitCode: 0 })
  }
})

test('The reference: in-band.mjs reports an error inside the answer, one that ends early, and a refusal', async () => {
  await project.write('in-band.mjs', inReference('in-band.mjs'))
  const first = 'event: delta\ndata: {"text":"one"}'
  const error = '{"type":"error","error":{"message":"overloaded"}}'
  for (const [blocks, reported] of [
    [[first, `event: error\ndata: ${error}`], /^decode undefined overloaded/],
    [[first, `data: ${error}`], /^decode undefined overloaded/],
    [[first], /^incomplete/],
  ] as const) {
    await using model = await startModel(blocks)
    using program = project.start(['in-band.mjs'], asModel(model))
    const { stdout, stderr, exitCode } = await program.exited
    expect(stdout).toBe("delta { text: 'one' }\n")
    expect(stderr).toMatch(reported)
    expect(exitCode).toBe(1)
  }
  await using model = await startModel([])
  using program = project.start(['in-band.mjs'], { ...asModel(model), MODEL_KEY: 'wrong' })
  expect((await program.exited).stderr).toMatch(/^status 400 .* bad request/)
})

test.for([
  ['README', 'feed.test.mjs', inReadme],
  ['the reference', 'memory.test.mjs', inReference],
  ['the reference', 'agent.test.mjs', inReference],
] as const)('%s: %s passes in the test runner of Node', async ([, name, text]) => {
  await project.write(name, text(name))
  using program = project.start(['--test', name])
  const { stdout, exitCode } = await program.exited
  expect(stdout).toMatch(/^# pass 1$/m)
  expect(exitCode).toBe(0)
})

test.for(['stub.test.mjs', 'timers.test.mjs'])('The reference: %s passes in vitest', async (name) => {
  await project.write(name, inReference(name))
  using program = project.start(['node_modules/vitest/vitest.mjs', 'run', '--root', '.', name], { VITEST: undefined })
  const { stdout, stderr, exitCode } = await program.exited
  expect(stdout + stderr).toMatch(/1 passed/)
  expect(exitCode).toBe(0)
})

/** Starts relay.mjs in front of a model, and returns its endpoint. */
async function startRelay(model: HttpServer): Promise<{ url: string } & Disposable> {
  const listen = `.listen(0, '127.0.0.1', function () { console.log(this.address().port) })`
  await project.write('relay.mjs', inReference('relay.mjs'), { ".listen(3000, '127.0.0.1')": listen })
  const program = project.start(['relay.mjs'], asModel(model))
  const url = `http://127.0.0.1:${await program.firstLine()}/answer`
  return { url, [Symbol.dispose]: () => program[Symbol.dispose]() }
}

test('The reference: relay.mjs adds the key, and passes on the question and each part of the answer', async () => {
  let end = (): unknown => undefined
  await using model = await startHttpServer(async (request, response) => {
    const question = await json(request)
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'X-Internal': 'yes' })
    response.write(`data: ${JSON.stringify({ question, key: request.headers.authorization })}\n\n`)
    end = () => response.end('data: [DONE]\n\n')
  })
  using relay = await startRelay(model)
  const response = await fetch(relay.url, { method: 'POST', body: '{"stream":true}' })
  expect(Object.fromEntries(response.headers)).toMatchObject({ 'content-type': 'text/event-stream' })
  expect(response.headers.get('x-internal')).toBeNull()
  let answer = ''
  for await (const part of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    answer += part
    // The first part has arrived before the answer ends.
    if (answer.includes('Bearer secret')) end()
  }
  expect(answer).toBe('data: {"question":{"stream":true},"key":"Bearer secret"}\n\ndata: [DONE]\n\n')
})

test('The reference: relay.mjs aborts the answer of the model when the client leaves', async () => {
  let left = (): void => {}
  const hasLeft = new Promise<void>((resolve) => {
    left = resolve
  })
  await using model = await startHttpServer((_, response) => {
    response.on('close', left)
    response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write('data: one\n\n')
  })
  using relay = await startRelay(model)
  const leaving = new AbortController()
  await fetch(relay.url, { method: 'POST', body: '{}', signal: leaving.signal })
  leaving.abort()
  await hasLeft
})

test('The reference: relay.mjs passes on a refusal, and answers 502 without a model', async () => {
  const model = await startModel([], 1)
  using relay = await startRelay(model)
  const ask = (): Promise<Response> => fetch(relay.url, { method: 'POST', body: '{"stream":true}' })
  const { status, headers } = await ask()
  expect([status, headers.get('retry-after')]).toEqual([429, '1'])
  await model.close()
  expect((await ask()).status).toBe(502)
  expect((await fetch(relay.url)).status).toBe(404)
})

test('The reference: server.mjs answers 404 without a page, and runs on', async () => {
  await rm(join(project.directory, 'page.html'), { force: true })
  for (let request = 1; request <= 2; request++) {
    const response = await fetch(`${project.origin}/`)
    expect([response.status, await response.text()]).toEqual([404, expect.stringContaining('page.html')])
  }
})

test('The reference: server.mjs answers 404 elsewhere, and 401 without a token', async () => {
  const statusOf = async (path: string): Promise<number> => (await fetch(`${project.origin}${path}`)).status
  expect(await statusOf('/elsewhere')).toBe(404)
  expect(await statusOf('/private')).toBe(401)
})
