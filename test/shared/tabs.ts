import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { expect } from 'vitest'
import { type LiveFeed, startLiveFeed } from './live-feed.ts'
import type { Sighting } from './witness.ts'

/** A tab, whichever way its browser is steered. */
export interface Tab {
  /** The feed knows it by this name. */
  readonly name: string
  /** Evaluates an expression there, and awaits its value. */
  evaluate(expression: string): Promise<unknown>
  close(): Promise<void>
}

export type OpenTab = (name: string, url: string) => Promise<Tab>

const programs = { '/tab.js': 'client.page.ts', '/worker.js': 'client.worker.ts' }

const page = '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><title>tab</title>'

/** Starts a feed that has the page for the tabs at /tab, and another page at /other. */
export async function startFeed(): Promise<LiveFeed> {
  const files: Record<string, string> = { '/tab': `${page}<script src="tab.js"></script>`, '/other': page }
  for (const [path, program] of Object.entries(programs)) files[path] = await bundle(program)
  return startLiveFeed(files)
}

async function bundle(program: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(program, import.meta.url))],
    bundle: true,
    write: false,
    format: 'iife',
  })
  return outputFiles[0]?.text ?? ''
}

/** Opens a tab with a witness. */
export async function openWitness(feed: LiveFeed, open: OpenTab, name: string, init = '{}'): Promise<Tab> {
  const tab = await open(name, `${feed.origin}/tab?${name}`)
  await tab.evaluate(`void (globalThis.witness = new Witness(${init}))`)
  return tab
}

export async function ask(tab: Tab, question: string): Promise<Sighting> {
  return (await tab.evaluate(`witness.${question}`)) as Sighting
}

/** The tab has got each event up to the feed's last, since its first, once and in order. */
export async function expectWhole(feed: LiveFeed, tab: Tab, first?: number): Promise<void> {
  const sighting = await ask(tab, `reached(${feed.number})`)
  expect({ tab: tab.name, ...sighting }).toMatchObject({ problem: null, last: feed.number, ...(first && { first }) })
}

/** Ways for a tab to give up the lead; after most of them the tab is there no more. */
export type Departure = (tab: Tab) => Promise<unknown>

export const closeTab: Departure = (tab) => tab.close()
export const closeSource: Departure = (tab) => tab.evaluate('witness.source.close()')
export const navigate: Departure = (tab) => tab.evaluate('void (location.href = "/other")')

/**
 * Has one leader after another go while events flow, each in the next of some ways, and a new tab come for each. Returns
 * what is worth a look: how long it took, in ms each, until the next leader was connected, and what the feed saw.
 */
export async function replaceLeaders(
  feed: LiveFeed,
  open: OpenTab,
  { tabs: count, times, departures }: { tabs: number; times: number; departures: readonly Departure[] },
): Promise<string> {
  const tabs: Tab[] = []
  for (let number = 1; number <= count; number++) tabs.push(await openWitness(feed, open, `${number}`))
  for (const tab of tabs) await ask(tab, 'opened()')
  await feed.leader()

  const flow = feed.flow(3)
  const durations: number[] = []
  for (let time = 0; time < times; time++) {
    const name = await feed.leader()
    const leader = tabs.find((tab) => tab.name === name)
    if (!leader) throw new Error(`${name} leads, which is none of the tabs`)
    tabs.splice(tabs.indexOf(leader), 1)
    const before = await ask(leader, `reached(${feed.number})`)
    expect({ tab: name, ...before }).toMatchObject({ problem: null })
    const start = performance.now()
    await departures[time % departures.length]?.(leader)
    await feed.leader(name)
    durations.push(Math.round(performance.now() - start))
    // Every tab has something of the new leader before this one goes, too.
    const { number } = feed
    tabs.push(await openWitness(feed, open, `${count + time + 1}`))
    for (const tab of tabs) await ask(tab, `reached(${number + 1})`)
  }
  await flow.stop()

  for (const tab of tabs) await expectWhole(feed, tab)
  expect(feed.connections).toHaveLength(1)
  const { number, requests, most } = feed
  for (const tab of tabs) await tab.evaluate('witness.source.close()')
  await feed.until(() => feed.connections.length === 0)
  return `${number} events, ${requests} requests, at most ${most} connections at a time; ms until the next: ${durations.join(', ')}`
}

/** Tabs that join late are open at once, and get as many events as they ask for. */
export async function joinLate(feed: LiveFeed, open: OpenTab): Promise<void> {
  const first = await openWitness(feed, open, 'first')
  await ask(first, 'opened()')
  for (let count = 0; count < 10; count++) feed.send()
  await expectWhole(feed, first, 1)
  const plain = await openWitness(feed, open, 'plain')
  const replaying = await openWitness(feed, open, 'replaying', '{ replay: 4 }')
  expect(await ask(plain, 'opened()')).toMatchObject({ readyState: 1, lastEventId: '10', last: 0 })
  expect(await ask(replaying, 'reached(10)')).toMatchObject({ readyState: 1, lastEventId: '10', first: 7, last: 10 })
  feed.send()
  await expectWhole(feed, plain, 11)
  await expectWhole(feed, replaying, 7)
  expect(feed.requests).toBe(1)
}
