import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { type HttpServer, startHttpServer } from '../http-server.ts'
import { describeInChromium } from './playground-page.ts'

/** Starts a server that sends these events to pages of any origin, and keeps the connection open. */
function startEventServer(events: string): Promise<HttpServer> {
  return startHttpServer((_, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Access-Control-Allow-Origin': '*' })
    response.write(events)
  })
}

describeInChromium('The log shows events and errors', (context) => {
  it('A row shows the time with milliseconds, the client, the type, the ID and the data', async () => {
    const { opened } = context
    await opened.expectEvent()
    await opened.expectEvent()
    const [time, client, type, id, data] = await opened.readAll('#log-rows tr:first-child td')
    expect(time).toMatch(/^\d\d:\d\d:\d\d\.\d{3}$/)
    expect(client).toBe('everysource')
    expect(type).toMatch(/^(message|notice)$/)
    expect(Number(id)).toBeGreaterThan(0)
    expect(data).toContain(`{"number":${id},`)
  })

  it('JSON is shown on one line, and expands to one member per line', async () => {
    const { opened } = context
    await opened.expectEvent()
    await opened.press('Pause')
    const isExpanded = (): Promise<boolean> =>
      opened.page.$eval('#log-rows tr:first-child pre', (element) => element.checkVisibility())
    expect(await isExpanded()).toBe(false)
    await opened.page.click('#log-rows tr:first-child summary')
    expect(await isExpanded()).toBe(true)
    expect(await opened.read('#log-rows tr:first-child pre')).toMatch(/^\{\n {2}"number": \d+,\n.*"symbol": "EVRY",\n/s)
  })

  it('An expanded row stays expanded, and keeps the focus, while the log is paused or filtered', async () => {
    const { opened } = context
    await opened.expectEvent()
    // New rows push this one down, so that the mouse could miss it.
    await opened.page.$eval('#log-rows summary', (summary) => {
      ;(summary as HTMLElement).focus()
      ;(summary as HTMLElement).click()
    })
    const id = await opened.read('#log-rows tr:has(details[open]) td:nth-child(4)')
    const isKept = (): Promise<boolean> =>
      opened.page.$eval('#log-rows details[open] summary', (summary) => summary === document.activeElement)
    const pressWithoutFocus = (): Promise<void> =>
      opened.page.$eval('#log-pause', (button) => (button as HTMLButtonElement).click())
    expect(await isKept()).toBe(true)
    await pressWithoutFocus()
    expect(await isKept()).toBe(true)
    await opened.expectEvent()
    await pressWithoutFocus()
    expect(await isKept()).toBe(true)
    // A filter that matches the row, and one key at a time.
    await opened.page.type('#log-filter', '"number":')
    await opened.page.select('#log-kind', 'events')
    expect(await opened.readAll('#log-rows tr:has(details[open]) td:nth-child(4)')).toEqual([id])
    // This includes a row that was hidden in the meantime.
    await opened.page.select('#log-kind', 'errors')
    expect(await opened.readAll('#log-rows tr')).toEqual([])
    await opened.page.select('#log-kind', 'all')
    expect(await opened.readAll('#log-rows tr:has(details[open]) td:nth-child(4)')).toEqual([id])
  })

  it('Rows that are shown again are in their place, newest first', async () => {
    const { opened } = context
    await opened.expectRow('everysourcenotice5')
    await opened.page.locator('#log-filter').fill('notice')
    await opened.expectRow('everysourcenotice10')
    await opened.page.locator('#log-filter').fill('')
    await opened.press('Pause')
    const ids = (await opened.readAll('#log-rows td:nth-child(4)')).filter(Boolean).map(Number)
    expect(ids).toEqual(Array.from({ length: ids.length }, (_, index) => ids.length - index))
  })

  it('An error says first what comes next, then the reason, the status and the body', async () => {
    const { opened } = context
    await opened.expectEvent()
    await opened.press('503 for 6 s')
    await opened.expectRow('reason: status')
    const [error = ''] = (await opened.readAll('#log-rows tr[data-client=everysource] td:last-child')).filter((text) =>
      text.includes('503'),
    )
    expect(error).toMatch(
      /^Reconnects in \d+\.\d s\. reason: status status: 503 .*503.*The feed is down for maintenance\..*retry-after: 3/s,
    )
  })

  it('The filter hides rows that do not match, also those that arrive later', async () => {
    const { opened } = context
    await opened.expectEvent()
    await opened.page.locator('#log-filter').fill('notice')
    await opened.expectRow('notice')
    const types = await opened.readAll('#log-rows td:nth-child(3)')
    expect(new Set(types)).toEqual(new Set(['notice']))
    await opened.page.locator('#log-filter').fill('nothing has this text')
    await expect.poll(() => opened.read('#log-empty')).toBe('No entry matches the filter.')
    await opened.page.locator('#log-filter').fill('')
    await opened.page.select('#log-kind', 'errors')
    expect(await opened.readAll('#log-rows tr')).toEqual([])
    await opened.press('Disconnect')
    await opened.expectRow('reason: network')
    expect(new Set(await opened.readAll('#log-rows td:nth-child(3)'))).toEqual(new Set(['error']))
  })

  it('Pause keeps the rows and counts the new entries, which appear afterwards', async () => {
    const { opened } = context
    await opened.expectEvent()
    await opened.press('Pause')
    const rows = await opened.readAll('#log-rows tr')
    await opened.expectEvent()
    await opened.expectEvent()
    expect(await opened.readAll('#log-rows tr')).toEqual(rows)
    expect(await opened.read('#log-count')).toMatch(/paused, [1-9]\d* new$/)
    await opened.press('Pause')
    await expect.poll(async () => (await opened.readAll('#log-rows tr')).length).toBeGreaterThan(rows.length + 1)
    expect(await opened.read('#log-count')).not.toContain('paused')
  })

  it('Clear removes all entries', async () => {
    const { opened } = context
    await opened.expectEvent()
    await opened.press('Pause')
    await opened.press('Clear')
    expect(await opened.readAll('#log-rows tr')).toEqual([])
    expect(await opened.read('#log-empty')).toContain('paused')
    expect(await opened.isDisabled('#log-export')).toBe(true)
    await opened.press('Pause')
    await opened.expectRow('everysource')
  })

  it('The export is a file with a line of JSON for each entry that matches the filter, oldest first', async () => {
    const { browser, opened } = context
    const directory = await mkdtemp(join(tmpdir(), 'playground-'))
    const session = await browser.target().createCDPSession()
    try {
      await session.send('Browser.setDownloadBehavior', { behavior: 'allow', downloadPath: directory })
      await opened.expectEvent()
      await opened.press('503 for 6 s')
      await opened.expectRow('reason: status')
      await opened.press('Pause')
      const shown = await opened.readAll('#log-rows tr')
      await opened.press('Export JSON lines')
      await expect.poll(() => readdir(directory)).toEqual(['events.jsonl'])
      const lines = (await readFile(join(directory, 'events.jsonl'), 'utf8')).trimEnd().split('\n')
      const entries = lines.map((line) => JSON.parse(line))
      expect(entries).toHaveLength(shown.length)
      const times = entries.map(({ time }) => Date.parse(time))
      expect(times).toEqual(times.toSorted((a, b) => a - b))
      const event = entries.find((entry) => entry.event === 'message')
      expect(event).toEqual({
        time: expect.any(String),
        client: 'everysource',
        event: 'message',
        id: expect.stringMatching(/^\d+$/),
        data: expect.stringContaining(`{"number":${event.id},`),
      })
      expect(entries.findLast(({ error }) => error?.status === 503)).toMatchObject({
        client: 'everysource',
        error: {
          reason: 'status',
          next: expect.stringMatching(/^Reconnects in/),
          body: expect.stringContaining('down'),
        },
      })
    } finally {
      await session.detach()
      await rm(directory, { recursive: true })
    }
  })

  it('An event of the type error or open is an event of the server, and not an error or a connection', async () => {
    const { opened } = context
    await using server = await startEventServer(
      'id: 1\nevent: error\ndata: in-band\n\nid: 2\nevent: open\ndata: too\n\n',
    )
    await opened.page.locator('#url').fill(server.origin)
    await opened.press('Connect')
    await opened.expectRow('everysourceerror1in-band')
    await opened.expectRow('everysourceopen2too')
    expect(await opened.readAll('#log-rows tr[data-kind=error]')).toEqual([])
    await expect.poll(() => opened.readCount('#everysource-events')).toBe(2)
  })

  it('Events of every type are shown, and the native client receives a type once it is known', async () => {
    const { opened } = context
    await using server = await startHttpServer(async (_, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Access-Control-Allow-Origin': '*' })
      response.write('event: custom\ndata: first\n\n')
      await opened.expectRow('everysourcecustomfirst')
      response.write('event: custom\ndata: second\n\n')
    })
    await opened.page.locator('#url').fill(server.origin)
    await opened.press('Connect')
    await opened.expectRow('everysourcecustomsecond')
    await expect.poll(() => opened.readCount('#everysource-events')).toBe(2)
    await expect.poll(() => opened.readCount('#native-events')).toBeGreaterThan(0)
  })

  it('The log keeps 1,000 entries and shows 200', async () => {
    const { opened } = context
    const events = Array.from({ length: 1_500 }, (_, index) => `id: ${index + 1}\ndata: event\n\n`)
    await using server = await startEventServer(events.join(''))
    await opened.page.locator('#url').fill(server.origin)
    await opened.press('Connect')
    await opened.expectRow('1500event')
    expect(await opened.read('#log-count')).toBe('200 of 1000 entries shown')
  })
})
