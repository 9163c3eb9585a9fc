import type { RequestListener } from 'node:http'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type HttpServer, startHttpServer } from '../http-server.ts'
import { installed } from '../installed.ts'
import { nodeExecutable, nodeMajors } from '../runtimes/binaries.ts'
import { runModule } from './program.ts'

/** The first major version of Node that has Web Locks in all its releases. */
const firstWithLocks = 26

let server: HttpServer
let connections = 0

const answer: RequestListener = (_request, response) => {
  connections++
  response.writeHead(200, { 'Content-Type': 'text/event-stream' })
  response.write('id: 1\ndata: hello\n\n')
}

beforeAll(async () => {
  server = await startHttpServer(answer)
})
beforeEach(() => {
  connections = 0
})
afterAll(() => server.close())

/** Two sources that close when both have received their event, after which nothing keeps the process alive. */
const program = (load: string): string => `
  ${load}
  let open = 2
  const sources = [1, 2].map(() => new SharedEventSource('${server.origin}/', { replay: 1 }))
  for (const source of sources) {
    source.onmessage = ({ data, lastEventId, origin }) => {
      console.log(data, lastEventId, origin)
      if (--open === 0) for (const each of sources) each.close()
    }
  }
`

const loads = {
  module: `import { SharedEventSource } from 'everysource/shared'`,
  commonjs: `const { SharedEventSource } = require('everysource/shared')`,
}

for (const major of nodeMajors) {
  for (const [kind, load] of Object.entries(loads)) {
    test(`Two sources of everysource/shared in Node ${major} receive the event and let the process end (${kind})`, async ({
      skip,
    }) => {
      const executable = installed(`Node ${major}`, nodeExecutable(major), skip)
      const printed = await runModule(program(load), { executable, commonJs: kind === 'commonjs' })
      expect(printed).toBe(`hello 1 ${server.origin}\n`.repeat(2))
      if (major < 24) expect(connections).toBe(2)
      if (major >= firstWithLocks) expect(connections).toBe(1)
    })
  }
}

test('A source of everysource/shared with unref does not keep a process alive', async ({ skip }) => {
  const executable = installed('Node 26', nodeExecutable(26), skip)
  const printed = await runModule(
    `${loads.module}
     const source = new SharedEventSource('${server.origin}/', { unref: true })
     const timer = setInterval(() => {}, 1_000)
     source.onmessage = ({ data }) => {
       console.log(data)
       clearInterval(timer)
     }`,
    { executable },
  )
  expect(printed).toBe('hello\n')
})
