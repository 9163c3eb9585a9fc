import process from 'node:process'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { seededRandom } from '../fixtures/seeded-random.ts'
import type { EventSourceInit } from '../src/options/event-source-init.ts'
import { Simulation } from './shared/simulated-tabs.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'] })
})

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})

/** Lets promises settle that wait for nothing but each other. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Has everything happen that is under way, in turn. */
async function finish(simulation: Simulation): Promise<void> {
  for (let round = 0; round < 10_000; round++) {
    await settle()
    const { steps } = simulation
    if (steps.length === 0) return
    for (const step of steps) step()
  }
  throw new Error('it does not come to an end')
}

/** Has so many timers fire. Whoever is not hung hears what is said before the next one. */
async function pass(simulation: Simulation, timers: number): Promise<void> {
  for (let timer = 0; timer < timers; timer++) {
    await finish(simulation)
    vi.advanceTimersToNextTimer()
  }
  await finish(simulation)
}

function closeAll(simulation: Simulation): void {
  for (const tab of simulation.living) tab.session.close()
}

/** What a choice makes happen. */
type Choice =
  | { readonly kind: 'step'; readonly which: number }
  | { readonly kind: 'publish' }
  | { readonly kind: 'open'; readonly replay: number }
  | { readonly kind: 'lose'; readonly which: number; readonly coming: number }
  | { readonly kind: 'close'; readonly which: number }
  | { readonly kind: 'publish many' }
  | { readonly kind: 'hang'; readonly which: number }
  | { readonly kind: 'suspend'; readonly which: number }
  | { readonly kind: 'restore' }
  | { readonly kind: 'thaw' }
  | { readonly kind: 'pass'; readonly timers: number }
  | { readonly kind: 'drop' }
  | { readonly kind: 'reconnect'; readonly which: number }

const which = fc.nat(1_000)
const choice: fc.Arbitrary<Choice> = fc.oneof(
  { weight: 60, arbitrary: fc.record({ kind: fc.constant('step' as const), which }) },
  { weight: 15, arbitrary: fc.record({ kind: fc.constant('publish' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('open' as const), replay: fc.nat(5) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('lose' as const), which, coming: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('close' as const), which }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('publish many' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('hang' as const), which }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('thaw' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('suspend' as const), which }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('restore' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('pass' as const), timers: fc.nat(60) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('drop' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reconnect' as const), which }) },
)

function restoreAll(simulation: Simulation): void {
  for (const tab of simulation.living) if (tab.isSuspended) tab.restore()
}

/** Every tab is a page of its own. */
function stubPages(simulation: Simulation): void {
  vi.stubGlobal('document', { hidden: false })
  vi.stubGlobal('addEventListener', (...listener: Parameters<EventTarget['addEventListener']>) => {
    simulation.current?.page.addEventListener(...listener)
  })
  vi.stubGlobal('removeEventListener', (...listener: Parameters<EventTarget['removeEventListener']>) => {
    for (const { page } of simulation.tabs) page.removeEventListener(...listener)
  })
}

async function apply(simulation: Simulation, made: Choice): Promise<void> {
  const { living, steps, leader } = simulation
  const pick = <Item>(items: readonly Item[], at: number): Item | undefined => items[at % items.length]
  switch (made.kind) {
    case 'step':
      pick(steps, made.which)?.()
      break
    case 'publish':
      simulation.publish()
      break
    case 'open':
      if (living.length < 5) simulation.open(made.replay)
      break
    case 'lose': {
      const tab = made.which % 3 ? leader : pick(living, made.which)
      if (tab && !tab.isLost) simulation.lose(tab, made.coming)
      break
    }
    case 'close': {
      const tab = pick(living, made.which)
      if (!tab) break
      tab.session.close()
      simulation.lose(tab, Number.POSITIVE_INFINITY)
      break
    }
    case 'publish many':
      // More than any tab keeps.
      for (let count = 0; count < 150; count++) simulation.publish()
      break
    case 'hang': {
      const tab = made.which % 3 ? leader : pick(living, made.which)
      if (tab) tab.isHung = true
      break
    }
    case 'suspend': {
      const tab = made.which % 3 ? leader : pick(living, made.which)
      if (tab && !tab.stands) tab.suspend()
      break
    }
    case 'restore':
      restoreAll(simulation)
      break
    case 'thaw':
      for (const tab of living) tab.isHung = false
      break
    case 'pass':
      await pass(simulation, made.timers)
      break
    case 'drop':
      for (const tab of living) tab.connection?.drop()
      break
    case 'reconnect':
      pick(living, made.which)?.session.reconnect()
      break
  }
}

const choices = fc.array(choice, { maxLength: 150, size: 'max' })

/** SHARED_SEED=N tries other orders. */
const runs = { seed: Number(process.env['SHARED_SEED'] ?? 15), numRuns: 300 }

/**
 * Where a machine is slow, there are fewer runs. fast-check's own limit would leave the last one under way, whose timers
 * are those of the tests that follow.
 */
function forSomeTime(run: (made: readonly Choice[]) => Promise<void>): (made: readonly Choice[]) => Promise<void> {
  const begun = process.hrtime.bigint()
  return async (made) => {
    if (process.hrtime.bigint() - begun < 20_000_000_000n) await run(made)
  }
}

/** Has all of it happen to three tabs that have one event, then gives everybody time, and sends one event more. */
async function play(simulation: Simulation, made: readonly Choice[]): Promise<void> {
  vi.setSystemTime(0)
  stubPages(simulation)
  vi.spyOn(Math, 'random').mockImplementation(seededRandom(1))
  for (let count = 0; count < 3; count++) simulation.open()
  await finish(simulation)
  // Until there is an ID, there is nothing to resume after.
  simulation.publish()
  await finish(simulation)
  for (const one of made) {
    await apply(simulation, one)
    await settle()
    vi.advanceTimersByTime(1)
  }
  for (const tab of simulation.living) tab.isHung = false
  restoreAll(simulation)
  await pass(simulation, 100)
  simulation.publish()
  await finish(simulation)
  closeAll(simulation)
}

describe('tabs', () => {
  it('each have every event once and in order, whatever happens to the others and whatever comes first', async () => {
    const run = forSomeTime(async (made) => {
      const simulation = new Simulation()
      await play(simulation, made)
      for (const tab of simulation.tabs) {
        const [first = 0] = tab.seen
        expect(tab.seen, `tab ${tab.name}`).toEqual(tab.seen.map((_, index) => first + index))
        if (!tab.isLost) expect(tab.seen.at(-1), `tab ${tab.name}`).toBe(simulation.events)
      }
    })
    await fc.assert(fc.asyncProperty(choices, run), runs)
  })

  it('have no event twice, and all in order, where events have no IDs', async () => {
    const run = forSomeTime(async (made) => {
      const simulation = new Simulation(false)
      await play(
        simulation,
        made.filter(({ kind }) => kind !== 'hang'),
      )
      for (const tab of simulation.tabs) {
        expect(tab.seen, `tab ${tab.name}`).toEqual([...new Set(tab.seen)].sort((one, other) => one - other))
        if (!tab.isLost) expect(tab.seen.at(-1), `tab ${tab.name}`).toBe(simulation.events)
      }
    })
    await fc.assert(fc.asyncProperty(choices, run), runs)
  })
})

describe('a tab that joins', () => {
  it('before there is a connection gets every event, however fast they come', async () => {
    const simulation = new Simulation()
    for (let count = 0; count < 5; count++) simulation.publish()
    const first = simulation.open(0, { lastEventId: '0' })
    const others = [simulation.open(), simulation.open(2), simulation.open()]
    await finish(simulation)

    expect(first.seen).toEqual([1, 2, 3, 4, 5])
    for (const { seen } of others) expect(seen).toEqual([1, 2, 3, 4, 5])
    closeAll(simulation)
  })

  it('is open at once, knows the last event ID, and gets as many events as it asks for', async () => {
    const simulation = new Simulation()
    simulation.open()
    await finish(simulation)
    for (let count = 0; count < 5; count++) simulation.publish()
    await finish(simulation)
    const plain = simulation.open()
    const replaying = simulation.open(3)
    await finish(simulation)

    expect(plain).toMatchObject({ opened: 1, seen: [], requests: 0, session: { lastEventId: '5' } })
    expect(replaying).toMatchObject({ opened: 1, seen: [3, 4, 5], requests: 0, session: { lastEventId: '5' } })
    closeAll(simulation)
  })

  it('gets the last events from a leader that has followed until now', async () => {
    const simulation = new Simulation()
    const first = simulation.open()
    simulation.open()
    await finish(simulation)
    for (let count = 0; count < 5; count++) simulation.publish()
    await finish(simulation)
    simulation.lose(first, 0)
    await finish(simulation)
    const joined = simulation.open(4)
    await finish(simulation)

    expect(joined.seen).toEqual([2, 3, 4, 5])
    closeAll(simulation)
  })

  it('while the leader is hung leaves the lead to those who know where the stream was left', async () => {
    const simulation = new Simulation()
    const hung = simulation.open()
    const follower = simulation.open()
    await finish(simulation)
    simulation.publish()
    await finish(simulation)
    hung.isHung = true
    const joined = simulation.open()
    await pass(simulation, 30)

    expect(simulation.leader).toBe(follower)
    expect(joined).toMatchObject({ opened: 1, requests: 0, session: { lastEventId: '1' } })
    closeAll(simulation)
  })

  it('and comes to lead before it knows of the stream lets those behind it go first', async () => {
    const simulation = new Simulation()
    const first = simulation.open()
    const second = simulation.open()
    await finish(simulation)
    simulation.publish()
    await finish(simulation)
    // The second gives up its place and waits behind the third, as a page does that was away.
    const third = simulation.open()
    simulation.requeue(second)
    simulation.lose(first, 0)
    simulation.publish()
    await finish(simulation)

    expect(simulation.leader).toBe(second)
    expect(second.seen).toEqual([1, 2])
    expect(third.requests).toBe(0)
    closeAll(simulation)
  })
})

describe('a tab that knows where it left the stream', () => {
  it('joins those who have had that event, too', async () => {
    const simulation = new Simulation()
    const leader = simulation.open()
    await finish(simulation)
    for (let count = 0; count < 5; count++) simulation.publish()
    await finish(simulation)
    const resumed = simulation.open(0, { lastEventId: '2' })
    await finish(simulation)

    expect(resumed).toMatchObject({ opened: 1, seen: [3, 4, 5], requests: 0 })
    expect(leader.requests).toBe(1)
    closeAll(simulation)
  })

  it('joins those who resumed after the same event', async () => {
    const simulation = new Simulation()
    for (let count = 0; count < 5; count++) simulation.publish()
    const tabs = [1, 2, 3].map(() => simulation.open(0, { lastEventId: '2' }))
    await finish(simulation)

    expect(tabs.map(({ seen }) => seen)).toEqual(tabs.map(() => [3, 4, 5]))
    expect(tabs.map(({ requests }) => requests)).toEqual([1, 0, 0])
    closeAll(simulation)
  })

  it('takes the lead from those who know of no event', async () => {
    const simulation = new Simulation()
    for (let count = 0; count < 5; count++) simulation.publish()
    const first = simulation.open()
    await finish(simulation)
    const resumed = simulation.open(0, { lastEventId: '2' })
    await finish(simulation)
    simulation.publish()
    await finish(simulation)

    expect(simulation.leader).toBe(resumed)
    expect(resumed.seen).toEqual([3, 4, 5, 6])
    expect(first.connection).toBeUndefined()
    expect(first.seen.at(-1)).toBe(6)
    closeAll(simulation)
  })

  it('has a connection of its own where the others cannot say what came after that event', async () => {
    const simulation = new Simulation()
    for (let count = 0; count < 5; count++) simulation.publish()
    const first = simulation.open()
    await finish(simulation)
    simulation.publish()
    await finish(simulation)
    const resumed = simulation.open(0, { lastEventId: '2' })
    await finish(simulation)
    simulation.publish()
    await finish(simulation)

    expect(resumed).toMatchObject({ seen: [3, 4, 5, 6, 7], requests: 1, opened: 1 })
    expect(first).toMatchObject({ seen: [6, 7], requests: 1 })
    expect(simulation.leader).toBe(first)
    closeAll(simulation)
  })
})

describe('a leader', () => {
  it('that hangs is replaced, and follows when it is back, with every event once', async () => {
    const simulation = new Simulation()
    const hung = simulation.open()
    const other = simulation.open()
    await finish(simulation)
    simulation.publish()
    await finish(simulation)
    hung.isHung = true
    simulation.publish()
    await pass(simulation, 15)
    simulation.publish()
    await finish(simulation)
    expect(simulation.leader).toBe(other)
    expect(other.seen).toEqual([1, 2, 3])

    hung.isHung = false
    await finish(simulation)
    simulation.publish()
    await finish(simulation)
    expect(simulation.leader).toBe(other)
    expect(hung.seen).toEqual([1, 2, 3, 4])
    expect(hung.connection).toBeUndefined()
    closeAll(simulation)
  })

  it('that is silent because the feed is stays the leader', async () => {
    const simulation = new Simulation()
    const leader = simulation.open()
    simulation.open()
    await pass(simulation, 100)

    expect(simulation.leader).toBe(leader)
    expect(leader.requests).toBe(1)
    closeAll(simulation)
  })

  it('that waits for a response stays the leader, too', async () => {
    const simulation = new Simulation()
    simulation.status = undefined
    const leader = simulation.open()
    const follower = simulation.open()
    await pass(simulation, 100)

    expect(simulation.leader).toBe(leader)
    expect(leader.requests).toBe(1)
    expect(follower.opened).toBe(0)
    closeAll(simulation)
  })

  it('reconnects for any tab that asks', async () => {
    const simulation = new Simulation()
    const leader = simulation.open()
    const follower = simulation.open()
    await finish(simulation)
    const { dropped } = follower
    follower.session.reconnect()
    await finish(simulation)

    expect(leader).toMatchObject({ requests: 2, opened: 2 })
    expect(follower).toMatchObject({ requests: 0, opened: 2, dropped: dropped + 1, interruptions: [] })
    closeAll(simulation)
  })

  it('that closes hands over, and the last one to close ends the connection', async () => {
    const simulation = new Simulation()
    const [first, second] = [simulation.open(), simulation.open()]
    await finish(simulation)
    first.session.close()
    await finish(simulation)
    expect(first.connection).toBeUndefined()
    expect(second.connection).toBeDefined()
    second.session.close()
    await finish(simulation)
    expect(second.connection).toBeUndefined()
    expect(simulation.leader).toBeUndefined()
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('an interruption', () => {
  it('is told to every tab with the same details', async () => {
    const simulation = new Simulation()
    const tabs = [simulation.open(), simulation.open(), simulation.open()]
    await finish(simulation)
    simulation.tabs[0]?.connection?.drop()
    await finish(simulation)

    for (const { interruptions } of tabs) {
      expect(interruptions).toMatchObject([{ code: 'ended', status: 200, attempt: 1, willReconnect: true }])
      expect(interruptions[0]?.headers?.get('content-type')).toBe('text/event-stream')
    }
    closeAll(simulation)
  })

  it('whose cause cannot be cloned is told with its message', async () => {
    const simulation = new Simulation()
    const cause = Object.assign(new Error('no token'), { retry: () => {} })
    const init = { headers: () => Promise.reject(Object.assign(() => {}, { message: cause.message })) }
    const tabs = [simulation.open(0, init), simulation.open(0, init)]
    await finish(simulation)

    expect(tabs[0]?.interruptions[0]?.error).toBeTypeOf('function')
    expect(tabs[1]?.interruptions[0]?.error).toEqual(new Error('no token'))
    closeAll(simulation)
  })

  it('without a reconnection closes every tab, after one request', async () => {
    const simulation = new Simulation()
    simulation.status = 204
    const tabs = [simulation.open(), simulation.open(), simulation.open()]
    await pass(simulation, 30)

    for (const { interruptions, session } of tabs) {
      expect(interruptions).toMatchObject([{ code: 'status', status: 204, willReconnect: false }])
      expect(session.closed).toBe(true)
    }
    expect(tabs.map(({ requests }) => requests)).toEqual([1, 0, 0])
    expect(vi.getTimerCount()).toBe(0)
    // Nothing is left of it: who comes now begins anew.
    expect(simulation.leader).toBeUndefined()
  })
})

describe('a signal', () => {
  it('closes the tab that it was given to, and no other', async () => {
    const simulation = new Simulation()
    const controller = new AbortController()
    const [first, second] = [simulation.open(0, { signal: controller.signal }), simulation.open()]
    await finish(simulation)
    controller.abort()
    await finish(simulation)

    expect(first.session.closed).toBe(true)
    expect(first.connection).toBeUndefined()
    expect(second.session.closed).toBe(false)
    expect(second.connection).toBeDefined()
    closeAll(simulation)
  })

  it('that is aborted already keeps the tab from joining', async () => {
    const simulation = new Simulation()
    const tab = simulation.open(0, { signal: AbortSignal.abort() })
    await finish(simulation)

    expect(tab).toMatchObject({ requests: 0, session: { closed: true } })
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('a page', () => {
  /** From now on, tabs are pages that these events are dispatched to. */
  function stubPage(): (type: string, state?: { persisted?: boolean; hidden?: boolean }) => void {
    const target = new EventTarget()
    const document = { hidden: false }
    vi.stubGlobal('document', document)
    vi.stubGlobal('addEventListener', target.addEventListener.bind(target))
    vi.stubGlobal('removeEventListener', target.removeEventListener.bind(target))
    return (type, { persisted = false, hidden = document.hidden } = {}) => {
      document.hidden = hidden
      target.dispatchEvent(Object.assign(new Event(type), { persisted }))
    }
  }

  async function open(init: EventSourceInit = {}) {
    const simulation = new Simulation()
    const leader = simulation.open()
    const other = simulation.open()
    await finish(simulation)
    const dispatch = stubPage()
    const page = simulation.open(0, init)
    await finish(simulation)
    simulation.publish()
    await finish(simulation)
    return { simulation, leader, other, page, dispatch }
  }

  it('that pauses while it is hidden does not lead then, but hears who does', async () => {
    const { simulation, leader, other, page, dispatch } = await open({ pauseWhenHidden: true })
    dispatch('visibilitychange', { hidden: true })
    leader.session.close()
    other.session.close()
    await pass(simulation, 30)
    expect(simulation.leader).toBeUndefined()
    expect(page.requests).toBe(0)

    const worker = simulation.open(1)
    await finish(simulation)
    simulation.publish()
    await finish(simulation)
    expect(simulation.leader).toBe(worker)
    closeAll(simulation)
  })

  it('that pauses while it is hidden closes the connection where all do, and resumes when it is shown', async () => {
    const { simulation, leader, other, page, dispatch } = await open({ pauseWhenHidden: true })
    leader.session.close()
    other.session.close()
    await finish(simulation)
    expect(page.connection).toBeDefined()
    dispatch('visibilitychange', { hidden: true })
    await pass(simulation, 30)
    expect(page.connection).toBeUndefined()
    simulation.publish()
    dispatch('visibilitychange', { hidden: false })
    await finish(simulation)
    expect(page).toMatchObject({ requests: 2, seen: [1, 2], interruptions: [] })
    closeAll(simulation)
  })

  it('in the back/forward cache hears nothing, and gets what it missed when it is back', async () => {
    const { simulation, page, dispatch } = await open()
    dispatch('pagehide', { persisted: true })
    dispatch('freeze')
    simulation.publish()
    simulation.publish()
    await finish(simulation)
    expect(page.seen).toEqual([1])
    dispatch('resume')
    dispatch('pageshow', { persisted: true })
    simulation.publish()
    await finish(simulation)
    expect(page).toMatchObject({ seen: [1, 2, 3, 4], requests: 0, interruptions: [] })
    closeAll(simulation)
  })

  it('in the back/forward cache for longer than the others keep events takes the lead, and loses none', async () => {
    const { simulation, leader, other, page, dispatch } = await open()
    dispatch('pagehide', { persisted: true })
    for (let count = 0; count < 500; count++) simulation.publish()
    await finish(simulation)
    dispatch('pageshow', { persisted: true })
    simulation.publish()
    await finish(simulation)
    const all = Array.from({ length: 502 }, (_, index) => index + 1)
    for (const { seen } of [leader, other, page]) expect(seen).toEqual(all)
    expect(simulation.leader).toBe(page)
    expect(leader.connection).toBeUndefined()
    closeAll(simulation)
  })

  it('that goes for good gives up connection and lock before the browser does', async () => {
    const { simulation, leader, other, page, dispatch } = await open()
    leader.session.close()
    other.session.close()
    await finish(simulation)
    expect(simulation.leader).toBe(page)
    dispatch('pagehide')
    await finish(simulation)
    expect(page.connection).toBeUndefined()
    expect(simulation.leader).toBeUndefined()
    closeAll(simulation)
  })
})
