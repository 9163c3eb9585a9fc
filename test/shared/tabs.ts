import { setTimeout as pause } from 'node:timers/promises'
import { expect } from 'vitest'
import { bundlePage, htmlPage } from '../bundle-page.ts'
import { type LiveFeed, startLiveFeed } from '../live-feed.ts'
import type { Snapshot } from './recorder.ts'

/** A tab, independent of the protocol that controls its browser. */
export interface Tab {
  /** The name by which the feed knows the tab. */
  readonly name: string
  /** Evaluates an expression in the tab, and returns its awaited value. */
  evaluate(expression: string): Promise<unknown>
  close(): Promise<void>
}

export type OpenTab = (name: string, url: string) => Promise<Tab>

/** Starts a feed that has the page for the tabs at /tab, and another page at /other. */
export async function startFeed(): Promise<LiveFeed> {
  return startLiveFeed({
    '/tab': htmlPage('tab.js'),
    '/tab.js': await bundlePage(new URL('recorder.page.ts', import.meta.url)),
    '/worker.js': await bundlePage(new URL('recorder.worker.ts', import.meta.url)),
    '/other': htmlPage(),
  })
}

/** Opens a tab with a recorder. */
export async function openRecorder(feed: LiveFeed, open: OpenTab, name: string, init = '{}'): Promise<Tab> {
  const tab = await open(name, `${feed.origin}/tab?${name}`)
  await tab.evaluate(`void (globalThis.recorder = new Recorder(${init}))`)
  return tab
}

/** Adds another source to a tab. */
export async function addSource(tab: Tab): Promise<void> {
  await tab.evaluate('void (globalThis.another = new Recorder())')
  await tab.evaluate('another.opened()')
}

/** Adds a frame with another source to a tab. */
export async function addFrame(tab: Tab): Promise<void> {
  await tab.evaluate(`new Promise((resolve) => {
    const frame = document.createElement('iframe')
    frame.src = location.href
    frame.onload = () => {
      globalThis.another = new frame.contentWindow.Recorder()
      resolve()
    }
    document.body.append(frame)
  })`)
  await tab.evaluate('another.opened()')
}

/**
 * Resolves with the next leader, and rejects if there is none soon: within half of the time after which tabs replace a
 * leader that says nothing.
 */
export async function leaderSoon(feed: LiveFeed, ...others: readonly string[]): Promise<string> {
  const deadline = new AbortController()
  const isLate = pause(5_000, undefined, { signal: deadline.signal }).then(() => {
    throw new Error(`no other tab leads, but ${JSON.stringify(feed.connections)}`)
  })
  try {
    return await Promise.race([feed.leader(...others), isLate])
  } finally {
    isLate.catch(() => {})
    deadline.abort()
  }
}

export async function ask(tab: Tab, question: string): Promise<Snapshot> {
  return (await tab.evaluate(`recorder.${question}`)) as Snapshot
}

/** Expects the tab to have received each event from its first to the feed's last once and in order. */
export async function expectWhole(feed: LiveFeed, tab: Tab, first?: number): Promise<void> {
  const snapshot = await ask(tab, `reached(${feed.number})`)
  expect({ tab: tab.name, ...snapshot }).toMatchObject({ problem: null, last: feed.number, ...(first && { first }) })
}

/** A way for a tab to stop being the leader, after which most tabs are gone. */
export type Departure = (tab: Tab) => Promise<unknown>

export const closeTab: Departure = (tab) => tab.close()
export const closeSource: Departure = (tab) => tab.evaluate('recorder.source.close()')
export const navigate: Departure = (tab) => tab.evaluate('void (location.href = "/other")')

/**
 * Makes one leader after another leave while events flow, each in the next of the given ways, and opens a new tab for
 * each. Returns a summary: the ms until the next leader was connected, and the counts of the feed.
 */
export async function replaceLeaders(
  feed: LiveFeed,
  open: OpenTab,
  { tabs: count, times, departures }: { tabs: number; times: number; departures: readonly Departure[] },
): Promise<string> {
  feed.hasPings = true
  const tabs: Tab[] = []
  for (let number = 1; number <= count; number++) tabs.push(await openRecorder(feed, open, `${number}`))
  for (const tab of tabs) await ask(tab, 'opened()')
  await feed.leader()

  const flow = feed.flow(3)
  const durations: number[] = []
  for (let time = 0; time < times; time++) {
    const name = await feed.leader()
    const leader = tabs.find((tab) => tab.name === name)
    if (!leader) throw new Error(`the leader ${name} is none of the tabs`)
    tabs.splice(tabs.indexOf(leader), 1)
    const before = await ask(leader, `reached(${feed.number})`)
    expect({ tab: name, ...before }).toMatchObject({ problem: null })
    const start = performance.now()
    await departures[time % departures.length]?.(leader)
    await feed.leader(name)
    durations.push(Math.round(performance.now() - start))
    // Every tab has received an event of the new leader before this one leaves.
    const { number } = feed
    tabs.push(await openRecorder(feed, open, `${count + time + 1}`))
    for (const tab of tabs) await ask(tab, `reached(${number + 1})`)
  }
  await flow.stop()

  for (const tab of tabs) await expectWhole(feed, tab)
  expect(feed.connections).toHaveLength(1)
  const { number, requests, maxConnections } = feed
  for (const tab of tabs) await tab.evaluate('recorder.source.close()')
  await feed.until(() => feed.connections.length === 0)
  return `${number} events, ${requests} requests, at most ${maxConnections} connections at a time; ms until the next: ${durations.join(', ')}`
}

/** Expects tabs that join late to be open at once and to receive as many events as they ask for. */
export async function joinLate(feed: LiveFeed, open: OpenTab): Promise<void> {
  const first = await openRecorder(feed, open, 'first')
  await ask(first, 'opened()')
  for (let count = 0; count < 10; count++) feed.send()
  await expectWhole(feed, first, 1)
  const plain = await openRecorder(feed, open, 'plain')
  const replaying = await openRecorder(feed, open, 'replaying', '{ replay: 4 }')
  expect(await ask(plain, 'opened()')).toMatchObject({ readyState: 1, lastEventId: '10', last: 0 })
  expect(await ask(replaying, 'reached(10)')).toMatchObject({ readyState: 1, lastEventId: '10', first: 7, last: 10 })
  feed.send()
  await expectWhole(feed, plain, 11)
  await expectWhole(feed, replaying, 7)
  expect(feed.requests).toBe(1)
}
