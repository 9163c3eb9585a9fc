import process from 'node:process'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { seededRandom } from '../../fixtures/seeded-random.ts'
import { type SimulatedTab, Simulation, type SimulationOptions, settle } from './simulated-tabs.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'] })
})

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})

/** Something that happens, of which a test draws a list. */
type Action =
  | { readonly kind: 'step'; readonly which: number }
  | { readonly kind: 'publish' }
  | { readonly kind: 'open'; readonly replay: number }
  | { readonly kind: 'lose'; readonly which: number; readonly arriving: number }
  | { readonly kind: 'close'; readonly which: number }
  | { readonly kind: 'publish many' }
  | { readonly kind: 'hang'; readonly which: number }
  | { readonly kind: 'suspend'; readonly which: number }
  | { readonly kind: 'restore' }
  | { readonly kind: 'respond again' }
  | { readonly kind: 'fire timers'; readonly timers: number }
  | { readonly kind: 'drop' }
  | { readonly kind: 'reconnect'; readonly which: number }
  | { readonly kind: 'refuse'; readonly isRefusing: boolean }

const which = fc.nat(1_000)
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 60, arbitrary: fc.record({ kind: fc.constant('step' as const), which }) },
  { weight: 15, arbitrary: fc.record({ kind: fc.constant('publish' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('open' as const), replay: fc.nat(5) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('lose' as const), which, arriving: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('close' as const), which }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('publish many' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('hang' as const), which }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('respond again' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('suspend' as const), which }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('restore' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('fire timers' as const), timers: fc.nat(60) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('drop' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reconnect' as const), which }) },
)

const refusal: fc.Arbitrary<Action> = fc.record({ kind: fc.constant('refuse' as const), isRefusing: fc.boolean() })

const anyActions = fc.array(action, { maxLength: 150, size: 'max' })

function pick<Item>(items: readonly Item[], index: number): Item | undefined {
  return items[index % items.length]
}

/** Picks the leader twice as often as any tab. */
function pickLeader({ leader, openTabs }: Simulation, index: number): SimulatedTab | undefined {
  return index % 3 ? leader : pick(openTabs, index)
}

function restoreAll(simulation: Simulation): void {
  for (const tab of simulation.openTabs) if (tab.page.isSuspended) tab.restore()
}

async function perform(simulation: Simulation, drawn: Action): Promise<void> {
  const { openTabs, steps } = simulation
  switch (drawn.kind) {
    case 'step':
      pick(steps, drawn.which)?.()
      break
    case 'publish':
      simulation.publish()
      break
    case 'open':
      if (openTabs.length < 5) simulation.open({ replay: drawn.replay })
      break
    case 'lose': {
      const tab = pickLeader(simulation, drawn.which)
      if (tab && !tab.isLost) simulation.lose(tab, drawn.arriving)
      break
    }
    case 'close': {
      const tab = pick(openTabs, drawn.which)
      if (!tab) break
      tab.session.close()
      simulation.lose(tab, Number.POSITIVE_INFINITY)
      break
    }
    case 'publish many':
      // More than any tab keeps.
      simulation.publish(150)
      break
    case 'hang': {
      const tab = pickLeader(simulation, drawn.which)
      if (tab) tab.isHung = true
      break
    }
    case 'suspend': {
      const tab = pickLeader(simulation, drawn.which)
      if (tab && !tab.isStopped) tab.suspend()
      break
    }
    case 'restore':
      restoreAll(simulation)
      break
    case 'respond again':
      for (const tab of openTabs) tab.isHung = false
      break
    case 'fire timers':
      await simulation.fireTimers(drawn.timers)
      break
    case 'drop':
      for (const tab of openTabs) tab.connection?.drop()
      break
    case 'reconnect':
      pick(openTabs, drawn.which)?.session.reconnect()
      break
    case 'refuse':
      simulation.status = drawn.isRefusing ? 503 : 200
      break
  }
}

/**
 * Performs the actions on three tabs that have received one event, or none if the server can resume even then; then gives
 * every tab time, and sends one more event.
 */
async function play(simulation: Simulation, drawn: readonly Action[], isResumable = false): Promise<void> {
  // Those of tabs that were lost in the run before.
  vi.clearAllTimers()
  vi.setSystemTime(0)
  simulation.stubPages()
  vi.spyOn(Math, 'random').mockImplementation(seededRandom(1))
  for (let count = 0; count < 3; count++) simulation.open()
  await simulation.finish()
  // Until there is an ID, there is nothing to resume after.
  if (!isResumable) simulation.publish()
  await simulation.finish()
  for (const one of drawn) {
    await perform(simulation, one)
    await settle()
    vi.advanceTimersByTime(1)
  }
  for (const tab of simulation.openTabs) tab.isHung = false
  restoreAll(simulation)
  simulation.status = 200
  await simulation.fireTimers(100)
  // One of these has an ID.
  simulation.publish(2)
  await simulation.finish()
  simulation.closeAll()
}

/** The seed of the orders that are tried: SHARED_SEED=N tries others. */
const runs = { seed: Number(process.env['SHARED_SEED'] ?? 15), numRuns: 300 }
const fewerRuns = { ...runs, numRuns: 150 }

/**
 * Limits the time of a property, so that there are fewer runs on a slow machine. The limit of fast-check would leave the
 * last run under way, and its timers would be those of the tests that follow.
 */
function withTimeLimit(run: (drawn: readonly Action[]) => Promise<void>): (drawn: readonly Action[]) => Promise<void> {
  const start = process.hrtime.bigint()
  return async (drawn) => {
    if (process.hrtime.bigint() - start < 20_000_000_000n) await run(drawn)
  }
}

/** Expects a tab to have received all events of a list from its first to the last, once and in order. */
function expectAll(tab: SimulatedTab, received: readonly number[], all: readonly number[]): void {
  const from = received.length > 0 ? all.indexOf(received[0] as number) : all.length
  expect(received, `tab ${tab.name}`).toEqual(all.slice(from, from + received.length))
  if (!tab.isLost) expect(received.at(-1), `tab ${tab.name}`).toBe(all.at(-1))
}

/** Expects a tab to have received no event twice, the events in order, and the last one. */
function expectSorted({ name, isLost, received }: SimulatedTab, eventCount: number): void {
  const sorted = [...new Set(received)].sort((one, other) => one - other)
  expect(received, `tab ${name}`).toEqual(sorted)
  if (!isLost) expect(received.at(-1), `tab ${name}`).toBe(eventCount)
}

/** Expects all tabs to receive each event with an ID once and in order, whatever happens. */
async function expectEventsWithIds(
  options: SimulationOptions,
  { seed, numRuns } = fewerRuns,
  actions = anyActions,
): Promise<void> {
  // Whether the tabs that are there from the beginning receive all events.
  const isResumable = !!options.startsOver || options.ids === 'greetings'
  const run = withTimeLimit(async (drawn) => {
    const simulation = new Simulation(options)
    await play(simulation, drawn, isResumable)
    const events = Array.from({ length: simulation.eventCount }, (_, index) => index + 1)
    const all = events.filter((event) => simulation.hasId(event))
    for (const [index, tab] of simulation.tabs.entries()) {
      const received = tab.received.filter((event) => simulation.hasId(event))
      expectAll(tab, received, all)
      if (isResumable && index < 3 && received.length > 0) expect(received[0], `tab ${tab.name}`).toBe(1)
    }
  })
  await fc.assert(fc.asyncProperty(actions, run), { seed, numRuns })
}

describe('Tabs lose and repeat no event, whatever happens to them, in any order', () => {
  it('Every tab receives each event once and in order, whatever happens to the others', () =>
    expectEventsWithIds({}, runs))

  it('Every tab receives each event that has an ID once and in order if others have none', () =>
    expectEventsWithIds({ ids: 'some' }))

  it('Every tab receives each event that has an ID once and in order if messages reach tabs in different orders', () =>
    expectEventsWithIds({ ids: 'some', isOrdered: false }))

  it('Every tab receives each event once and in order if the server starts over without an ID, also a tab that had none', () =>
    expectEventsWithIds({ startsOver: true }))

  it('Every tab receives each event once and in order if every connection begins with an ID alone', () =>
    expectEventsWithIds({ ids: 'greetings' }))

  it('Every tab receives each event once and in order if several events have the same ID', () =>
    expectEventsWithIds({ ids: 'batches' }))

  it('Every tab receives each event once and in order if an ID alone comes after some events', () =>
    expectEventsWithIds({ ids: 'checkpoints' }))

  it('Every tab receives each event once and in order if the ID is reset', () => expectEventsWithIds({ ids: 'reset' }))

  it('No tab loses an event or is closed by a server that refuses requests while other tabs come to lead', () => {
    // What would refuse a connection of each tab, too, is left out.
    const others = anyActions.map((drawn) => drawn.filter(({ kind }) => !['open', 'drop', 'reconnect'].includes(kind)))
    const actions = fc
      .tuple(others, fc.array(fc.tuple(fc.nat(150), refusal), { maxLength: 10 }))
      .map(([drawn, refusals]) => refusals.reduce((list, [at, one]) => list.toSpliced(at, 0, one), drawn))
    return expectEventsWithIds({}, fewerRuns, actions)
  })

  it('Every tab receives events in order and none of them twice if some have IDs, unless a tab is away or behind', async () => {
    const run = withTimeLimit(async (drawn) => {
      const simulation = new Simulation({ ids: 'some' })
      const staying = drawn.filter(({ kind }) => kind !== 'hang' && kind !== 'suspend')
      await play(simulation, staying)
      // Two connections at the same time may bring the same event without an ID.
      if (simulation.hasOwnConnections) return
      for (const tab of simulation.tabs) expectSorted(tab, simulation.eventCount)
    })
    await fc.assert(fc.asyncProperty(anyActions, run), fewerRuns)
  })

  it('Every tab receives events without IDs in order and none of them twice, unless a tab hangs', async () => {
    const run = withTimeLimit(async (drawn) => {
      const simulation = new Simulation({ ids: 'none' })
      const withoutHanging = drawn.filter(({ kind }) => kind !== 'hang')
      await play(simulation, withoutHanging)
      for (const tab of simulation.tabs) expectSorted(tab, simulation.eventCount)
    })
    await fc.assert(fc.asyncProperty(anyActions, run), runs)
  })
})
