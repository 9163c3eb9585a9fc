import { expect, test } from 'vitest'
import { installed } from '../installed.ts'
import { nodeExecutable } from '../runtimes/binaries.ts'
import { runModule } from './program.ts'

test('A body compressed with zstd is decompressed event by event, also inside gzip', async ({ skip }) => {
  const executable = installed('Node 24', nodeExecutable(24), skip)
  // The server is in the same process, because the Node that runs the tests may not have zstd.
  const printed = await runModule(
    `import { once } from 'node:events'
    import { createServer } from 'node:http'
    import { createGzip, createZstdCompress } from 'node:zlib'
    import { EventSource } from 'everysource'

    let write
    const server = createServer((request, response) => {
      const inGzip = request.url === '/gzip'
      console.log(request.headers['accept-encoding'])
      response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Content-Encoding': inGzip ? 'zstd, gzip' : 'zstd' })
      const zstd = createZstdCompress()
      const gzip = createGzip()
      if (inGzip) {
        zstd.on('data', (chunk) => {
          gzip.write(chunk)
          gzip.flush()
        })
        gzip.pipe(response)
      } else zstd.pipe(response)
      write = (text) => {
        zstd.write(text)
        zstd.flush()
      }
      write('data: 0\\n\\n')
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    for (const path of ['/', '/gzip']) {
      const source = new EventSource('http://127.0.0.1:' + server.address().port + path)
      for (let number = 1; number < 4; number++) {
        const [{ data }] = await once(source, 'message')
        console.log(data)
        // The next event is written only after the one before has arrived.
        write('data: ' + number + '\\n\\n')
      }
      source.close()
    }
    server.closeAllConnections()
    server.close()`,
    { executable },
  )
  const each = 'gzip, deflate, br, zstd\n0\n1\n2\n'
  expect(printed).toBe(each + each)
})
