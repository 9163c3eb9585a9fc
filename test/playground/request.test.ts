import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { text } from 'node:stream/consumers'
import { expect, it } from 'vitest'
import { startHttpServer } from '../http-server.ts'
import { describeInChromium, type PlaygroundPage } from './playground-page.ts'

const root = join(import.meta.dirname, '../..')

/** Expands the code, chooses a language and returns the code that the page shows. */
async function readCode(opened: PlaygroundPage, language: string): Promise<string> {
  const isOpen = await opened.page.$eval('#code', (details) => (details as HTMLDetailsElement).open)
  if (!isOpen) await opened.page.click('#code summary')
  await opened.page.click(`[name=language][value=${language}]`)
  return opened.read('#code-text')
}

describeInChromium('The form sets every part of the request', (context) => {
  it('The method and the body are sent, and the native client cannot send them', async () => {
    const { opened } = context
    await opened.page.select('[name=method]', 'POST')
    await opened.fill('body', '{"prompt":"hello"}')
    await opened.press('Connect')
    await opened.expectRow('everysourcerequest{"method":"POST","body":"{\\"prompt\\":\\"hello\\"}"}')
    expect(await opened.read('#native-note')).toBe('It cannot send the method POST, headers, a body.')
  })

  it('The headers are sent', async () => {
    const { opened } = context
    await opened.fill('headers', 'X-Key: sesame\nX-Other: two: colons')
    const requested = opened.page.waitForRequest((request) => request.headers()['x-key'] === 'sesame')
    await opened.press('Connect')
    expect((await requested).headers()['x-other']).toBe('two: colons')
    await opened.expectState('everysource', 'open')
  })

  it('The last event ID resumes the stream, as a header or as a query parameter', async () => {
    const { opened } = context
    await opened.fill('lastEventId', '4100')
    await opened.press('Connect')
    await opened.expectRow('everysourcemessage4101')
    await opened.fill('lastEventId', '5200')
    await opened.fill('lastEventIdQueryParam', 'after')
    const requested = opened.page.waitForRequest((request) => request.url().endsWith('/feed?after=5200'))
    await opened.press('Connect')
    expect((await requested).headers()).not.toHaveProperty('last-event-id')
    await opened.expectRow('everysourcemessage5201')
  })

  it('The idle timeout, the statuses to retry and the maximum attempts take effect', async () => {
    const { opened } = context
    await opened.expectEvent()
    await opened.fill('statuses', '')
    await opened.fill('idleTimeout', '200')
    await opened.press('Connect')
    await opened.expectRow(/reason: idle.*200 ms/)
    await opened.fill('idleTimeout', '')
    await opened.press('Connect')
    await opened.expectEvent()
    await opened.press('503 for 6 s')
    await opened.expectRow(/everysourceerrorClosed, and does not reconnect\. reason: status status: 503/)
    await opened.expectState('everysource', 'failed')
    await opened.fill('statuses', '503')
    await opened.fill('maxAttempts', '1')
    await opened.press('Connect')
    await opened.expectRow('reason: gave-up')
  })

  it('An invalid header or option is rejected with an explanation, and the connection stays', async () => {
    const { opened } = context
    await opened.expectEvent()
    for (const [name, value, mistake] of [
      ['headers', 'no header', '"no header" is not a header: write Name: value'],
      ['headers', 'a b: c', '"a b: c" is not a header: write Name: value'],
      ['statuses', '503, x', '"x" is not an HTTP status: write 503, 429'],
      ['openTimeout', '-1', 'Open timeout must be a whole number, not "-1"'],
      ['body', 'text', 'A GET request has no body: choose POST, or clear the body'],
    ] as const) {
      await opened.fill(name, value)
      await opened.press('Connect')
      await expect.poll(() => opened.read('#mistake')).toBe(mistake)
      await opened.fill(name, '')
    }
    await opened.expectState('everysource', 'open')
    await opened.expectEvent()
    await opened.press('Connect')
    await expect.poll(() => opened.read('#mistake')).toBe('')
  })

  it('A URL that no client can request is rejected with what was probably meant', async () => {
    const { opened } = context
    await opened.expectEvent()
    for (const [url, mistake] of [
      [
        'localhost:3000/tick',
        '"localhost:3000/tick" has the scheme "localhost:"; did you mean http://localhost:3000/tick?',
      ],
      ['ftp://x', '"ftp://x" has the scheme "ftp:", not http: or https:'],
      [
        'http://localhost:99999/',
        '"http://localhost:99999/" is not a URL: write one such as http://localhost:3000/feed or /feed',
      ],
    ] as const) {
      await opened.page.locator('#url').fill(url)
      await opened.press('Connect')
      await expect.poll(() => opened.read('#mistake')).toBe(mistake)
    }
    await opened.expectState('everysource', 'open')
    expect(await opened.readAll('#log-rows tr[data-kind=error]')).toEqual([])
  })

  it('A mistake is shown at its field until it is corrected, and Close removes it', async () => {
    const { opened } = context
    const readInvalid = (): Promise<(string | null)[][]> =>
      opened.page.$$eval('[aria-invalid]', (fields) =>
        fields.map((field) => [field.getAttribute('name'), field.getAttribute('aria-describedby')]),
      )
    await opened.page.locator('#url').fill('ftp://x')
    await opened.press('Connect')
    await expect.poll(readInvalid).toEqual([['url', 'mistake']])
    await opened.page.locator('#url').fill('/feed')
    await expect.poll(() => opened.read('#mistake')).toBe('')
    expect(await readInvalid()).toEqual([])
    await opened.fill('statuses', 'x')
    await opened.page.click('#request-details summary')
    await opened.press('Connect')
    await expect.poll(readInvalid).toEqual([['statuses', 'mistake']])
    expect(await opened.page.$eval('[name=statuses]', (field) => field.checkVisibility())).toBe(true)
    await opened.press('Close')
    await expect.poll(() => opened.read('#mistake')).toBe('')
    expect(await readInvalid()).toEqual([])
  })

  it('The cause of a dead server is shown once', async () => {
    const { opened } = context
    await opened.page.locator('#url').fill('http://127.0.0.1:1/')
    await opened.press('Connect')
    await opened.expectRow('reason: network')
    const [error = ''] = await opened.readAll('#log-rows tr[data-client=everysource][data-kind=error] td:last-child')
    expect(error).toMatch(
      /^Reconnects in \d+\.\d s\. reason: networkThe server is down, or it does not allow this page/,
    )
    expect(error.match(/Access-Control-Allow-Origin/g)).toHaveLength(1)
  })

  it('A request that the server may have refused because of its origin explains CORS', async () => {
    const { opened } = context
    await using server = await startHttpServer((_, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' }).end('data: secret\n\n')
    })
    await opened.page.locator('#url').fill(`${server.origin}/`)
    await opened.fill('headers', 'X-Key: sesame')
    await opened.press('Connect')
    const { origin } = new URL(opened.page.url())
    await opened.expectRow(
      `(CORS). It must send Access-Control-Allow-Origin: ${origin}; Access-Control-Allow-Headers: X-Key.`,
    )
  })
})

describeInChromium('The buttons are enabled only where they have an effect', (context) => {
  it('Close closes both clients without the color of a failure, and disables itself and Reconnect', async () => {
    const { opened } = context
    await opened.expectEvent()
    expect(await opened.isDisabled('#reconnect')).toBe(false)
    await opened.press('Close')
    await opened.expectState('everysource', 'closed')
    await opened.expectState('native', 'closed')
    expect(await opened.isDisabled('#reconnect')).toBe(true)
    expect(await opened.isDisabled('#close')).toBe(true)
    const [closed, failed] = await opened.page.$eval('#everysource-state', (element) => {
      const colors = [getComputedStyle(element).color]
      element.setAttribute('data-state', 'failed')
      return [...colors, getComputedStyle(element).color]
    })
    expect(closed).not.toBe(failed)
  })

  it('Reconnect makes another attempt at once', async () => {
    const { opened } = context
    await opened.expectEvent()
    await opened.press('Reconnect')
    await expect.poll(() => opened.readCount('#everysource-attempts')).toBe(2)
    await opened.expectState('everysource', 'open')
    await opened.expectRow('Connected at attempt 2.')
  })

  it('A native client that has failed says that Reconnect does not revive it', async () => {
    const { opened } = context
    await opened.expectEvent()
    await opened.press('503 for 6 s')
    await opened.expectState('native', 'failed')
    const note = 'It has failed permanently: Reconnect does not revive it, only Connect does.'
    await expect.poll(() => opened.read('#native-note')).toBe(note)
    await opened.press('Normal')
    await opened.press('Reconnect')
    await opened.expectState('everysource', 'open')
    await opened.expectState('native', 'failed')
    await opened.press('Connect')
    await opened.expectState('native', 'open')
    expect(await opened.read('#native-note')).toBe('')
  })

  it('Close stays enabled while only the native client is connected', async () => {
    const { opened } = context
    await opened.fill('idleTimeout', '100')
    await opened.fill('maxAttempts', '1')
    await opened.press('Connect')
    await opened.expectState('everysource', 'failed')
    await opened.expectState('native', 'open')
    expect(await opened.isDisabled('#reconnect')).toBe(true)
    await opened.press('Close')
    await opened.expectState('native', 'closed')
    expect(await opened.isDisabled('#close')).toBe(true)
  })

  it('Connect is the primary button, and leaves nothing of the previous connection', async () => {
    const { opened } = context
    const background = (selector: string): Promise<string> =>
      opened.page.$eval(selector, (element) => getComputedStyle(element).backgroundColor)
    expect(await background('[type=submit]')).not.toBe(await background('#reconnect'))
    await opened.expectEvent()
    await opened.press('Disconnect')
    await opened.expectRow('reason: network')
    await opened.press('Pause')
    await opened.page.locator('#url').fill('/missing')
    await opened.press('Connect')
    await opened.expectState('everysource', 'failed')
    await opened.expectRow('status: 404')
    expect(await opened.readAll('#log-rows tr')).not.toContainEqual(expect.stringContaining('reason: network'))
    expect(await opened.readCount('#everysource-events')).toBe(0)
    expect(await opened.readCount('#everysource-attempts')).toBe(1)
    expect(await opened.read('#everysource-countdown')).toBe('')
    expect(await opened.readLane('everysource')).toEqual(['connecting', 'failed'])
  })
})

interface SeenRequest extends Pick<IncomingMessage, 'method' | 'url' | 'headers'> {
  readonly body: string
}

/** Runs a program until the server has received its request, and returns the request. */
async function captureRequest(
  makeProgram: (origin: string) => Promise<readonly [command: string, ...arguments_: string[]]>,
): Promise<SeenRequest> {
  let resolveRequest: (request: SeenRequest) => void = () => {}
  const requested = new Promise<SeenRequest>((resolve) => {
    resolveRequest = resolve
  })
  const server = await startHttpServer(async (request, response) => {
    const { method, url, headers } = request
    resolveRequest({ method, url, headers, body: await text(request) })
    response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write('data: hello\n\n')
  })
  const [command, ...arguments_] = await makeProgram(server.origin)
  const child = spawn(command, arguments_, { cwd: root, detached: true, stdio: ['ignore', 'ignore', 'pipe'] })
  try {
    const failed = text(child.stderr).then((problem) => {
      throw new Error(`The program ended without a request: ${problem}`)
    })
    return await Promise.race([requested, failed])
  } finally {
    // The program and the shell's other processes are one process group.
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL')
    await server.close()
  }
}

describeInChromium('The code that the page generates sends the same request', (context) => {
  const body = `{"quote":"it's \\"$HOME\\" \`ls\`"}`

  async function fillRequest(opened: PlaygroundPage, origin: string): Promise<void> {
    await opened.page.locator('#url').fill(`${origin}/feed?a=1&b=it's`)
    await opened.page.select('[name=method]', 'PUT')
    await opened.fill('headers', `X-Key: it's "quoted" $HOME`)
    await opened.fill('body', body)
    await opened.fill('lastEventId', '4100')
  }

  const run = (code: string): readonly [string, ...string[]] => ['sh', '-c', code]

  const programs = {
    curl: async (code: string) => run(code),
    everysource: async (code: string) => {
      const command = code.replace('npx everysource', `${process.execPath} --import tsx src/cli/main.ts`)
      expect(command).not.toBe(code)
      return run(command)
    },
    typescript: async (code: string, directory: string) => {
      const program = code.replace("from 'everysource'", `from ${JSON.stringify(join(root, 'src/index.ts'))}`)
      expect(program).not.toBe(code)
      const file = join(directory, 'program.mts')
      await writeFile(file, program)
      return [process.execPath, '--import', 'tsx', file] as const
    },
  }

  it.each(Object.entries(programs))(
    'The code for %s sends the method, the headers, the body and the last event ID',
    async (language, makeProgram) => {
      const { opened } = context
      const directory = await mkdtemp(join(tmpdir(), 'playground-'))
      try {
        const request = await captureRequest(async (origin) => {
          await fillRequest(opened, origin)
          return makeProgram(await readCode(opened, language), directory)
        })
        expect(request).toMatchObject({
          method: 'PUT',
          url: '/feed?a=1&b=it%27s',
          body,
          headers: {
            'x-key': `it's "quoted" $HOME`,
            'content-type': 'application/json',
            'last-event-id': '4100',
            accept: 'text/event-stream',
          },
        })
      } finally {
        await rm(directory, { recursive: true })
      }
    },
  )

  it('The TypeScript program prints the events of every type', async () => {
    const { opened } = context
    const directory = await mkdtemp(join(tmpdir(), 'playground-'))
    const program = await programs.typescript(await readCode(opened, 'typescript'), directory)
    const [command, ...parameters] = program
    const child = spawn(command, parameters, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] })
    try {
      let printed = ''
      for await (const chunk of child.stdout) {
        printed += chunk
        if (printed.includes('\nnotice 5 ')) break
      }
      expect(printed).toMatch(/^message 1 \{"number":1,.*\nnotice 5 \{"number":5,/s)
    } finally {
      child.kill('SIGKILL')
      await rm(directory, { recursive: true })
    }
  })

  it('The options of everysource are part of its code, and defaults are not', async () => {
    const { opened } = context
    await opened.fill('maxAttempts', '7')
    await opened.fill('openTimeout', '2500')
    await opened.page.click('[name=pauseWhenHidden]')
    const code = await readCode(opened, 'typescript')
    expect(code).toContain('openTimeout: 2_500,\n  idleTimeout: 5_000,\n')
    expect(code).toContain('statuses: [408, 429, 500, 502, 503, 504],\n    maxAttempts: 7,\n')
    expect(code).toContain('pauseWhenHidden: true,')
    expect(code).not.toMatch(/method|headers|withCredentials|lastEventId:/)
    const command = await readCode(opened, 'everysource')
    expect(command.replaceAll(/ \\\n +/g, ' ')).toBe(
      `npx everysource --open-timeout 2.5 --idle-timeout 5 --retry-status 408,429,500,502,503,504 --max-attempts 7 ${opened.page.url()}feed\n`,
    )
  })

  it('The Copy button copies the code to the clipboard', async () => {
    const { browser, opened } = context
    const { origin } = new URL(opened.page.url())
    await browser.defaultBrowserContext().overridePermissions(origin, ['clipboard-read', 'clipboard-sanitized-write'])
    const code = await readCode(opened, 'curl')
    await opened.press('Copy')
    await expect.poll(() => opened.read('#copied')).toBe('Copied.')
    expect(await opened.page.evaluate(() => navigator.clipboard.readText())).toBe(code)
  })
})
