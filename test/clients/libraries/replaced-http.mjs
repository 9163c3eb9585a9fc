// Listens to a URL where a tool has replaced `http.request`, and prints the data of the first event, or the reason of an
// error.
//
//   node replaced-http.mjs nock-13|global-agent import|require URL
import { createRequire } from 'node:module'
import process from 'node:process'

const [tool, kind, url] = process.argv.slice(2)
const require = createRequire(import.meta.url)

const tools = {
  async 'nock-13'() {
    const { default: nock } = await import('nock-13')
    nock.disableNetConnect()
    nock.enableNetConnect('127.0.0.1')
  },
  async 'global-agent'() {
    const { bootstrap } = await import('global-agent')
    bootstrap()
    // Nothing listens there.
    globalThis.GLOBAL_AGENT.HTTP_PROXY = 'http://127.0.0.1:1'
  },
}

await tools[tool]()
const { EventSource } = kind === 'require' ? require('everysource') : await import('everysource')
const source = new EventSource(url)
console.log(
  await new Promise((resolve) => {
    source.onmessage = ({ data }) => resolve(data)
    source.onerror = ({ reason }) => resolve(`error: ${reason}`)
  }),
)
source.close()
