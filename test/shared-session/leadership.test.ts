import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { protocolVersion } from '../../src/shared/protocol.ts'
import { type SimulatedTab, Simulation } from './simulated-tabs.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'] })
})

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})

describe('One tab leads until it closes or falls silent', () => {
  it('A leader that closes is followed by the next tab, and the last tab to close ends the connection', async () => {
    const simulation = new Simulation()
    const [first, second] = [simulation.open(), simulation.open()]
    await simulation.finish()
    first.session.close()
    await simulation.finish()
    expect(first.connection).toBeUndefined()
    expect(second.connection).toBeDefined()
    second.session.close()
    await simulation.finish()
    expect(second.connection).toBeUndefined()
    expect(simulation.leader).toBeUndefined()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('A leader that hangs is replaced, and follows when it responds again, with every event once', async () => {
    const simulation = new Simulation()
    const hung = simulation.open()
    const other = simulation.open()
    await simulation.finish()
    simulation.publish()
    await simulation.finish()
    hung.isHung = true
    simulation.publish()
    await simulation.fireTimers(15)
    simulation.publish()
    await simulation.finish()
    expect(simulation.leader).toBe(other)
    expect(other.received).toEqual([1, 2, 3])

    hung.isHung = false
    await simulation.finish()
    simulation.publish()
    await simulation.finish()
    expect(simulation.leader).toBe(other)
    expect(hung.received).toEqual([1, 2, 3, 4])
    expect(hung.connection).toBeUndefined()
    simulation.closeAll()
  })

  it('A leader that is silent because there are no events keeps the lead', async () => {
    const simulation = new Simulation()
    const leader = simulation.open()
    simulation.open()
    await simulation.fireTimers(100)

    expect(simulation.leader).toBe(leader)
    expect(leader.requestCount).toBe(1)
    simulation.closeAll()
  })

  it('A leader that waits for a response keeps the lead', async () => {
    const simulation = new Simulation()
    simulation.status = undefined
    const leader = simulation.open()
    const follower = simulation.open()
    await simulation.fireTimers(100)

    expect(simulation.leader).toBe(leader)
    expect(leader.requestCount).toBe(1)
    expect(follower.openCount).toBe(0)
    simulation.closeAll()
  })
})

describe('Tabs that know where the stream was left lead before those that do not', () => {
  it('A tab that joins while the leader hangs lets a follower lead', async () => {
    const simulation = new Simulation()
    const hung = simulation.open()
    const follower = simulation.open()
    await simulation.finish()
    simulation.publish()
    await simulation.finish()
    hung.isHung = true
    const joined = simulation.open()
    await simulation.fireTimers(30)

    expect(simulation.leader).toBe(follower)
    expect(joined).toMatchObject({ openCount: 1, requestCount: 0, session: { lastEventId: '1' } })
    simulation.closeAll()
  })

  it('A tab that is granted the lock before it knows the stream lets those behind it in the queue go first', async () => {
    const simulation = new Simulation()
    const first = simulation.open()
    const second = simulation.open()
    await simulation.finish()
    simulation.publish()
    await simulation.finish()
    // The second one gives up its place and waits behind the third, as a page does that was away.
    const third = simulation.open()
    simulation.requeue(second)
    simulation.lose(first, 0)
    simulation.publish()
    await simulation.finish()

    expect(simulation.leader).toBe(second)
    expect(second.received).toEqual([1, 2])
    expect(third.requestCount).toBe(0)
    simulation.closeAll()
  })
})

describe('A term begins when its announcement has come back', () => {
  it('A tab leads after a second although its announcement does not come back', async () => {
    const simulation = new Simulation()
    vi.spyOn(simulation, 'broadcast').mockReturnValue()
    const tab = simulation.open()
    await simulation.finish()
    expect(simulation.leader).toBe(tab)
    expect(tab.requestCount).toBe(0)
    vi.advanceTimersByTime(1_000)
    await simulation.finish()
    expect(tab.requestCount).toBe(1)
    simulation.closeAll()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('A tab announces a later term if it meets one that is later than its own', async () => {
    const simulation = new Simulation()
    const [tab, other] = [simulation.open(), simulation.open()]
    simulation.broadcast(other, { version: protocolVersion, kind: 'term', term: 1e15 })
    await simulation.finish()
    simulation.publish()
    await simulation.finish()
    expect(tab.requestCount).toBe(1)
    expect(other).toMatchObject({ received: [1], requestCount: 0 })
    simulation.closeAll()
  })

  it('A tab that closes before its announcement comes back does not lead', async () => {
    const simulation = new Simulation()
    const tab = simulation.open()
    for (const step of simulation.steps) step()
    tab.session.close()
    await simulation.fireTimers(5)
    expect(tab.requestCount).toBe(0)
    expect(simulation.leader).toBeUndefined()
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('A tab that leaves with its page says so', () => {
  /** Opens tabs that are pages, and have received an event. */
  async function openPages(count: number): Promise<{ simulation: Simulation; tabs: SimulatedTab[] }> {
    const simulation = new Simulation()
    simulation.stubPages()
    const tabs = Array.from({ length: count }, () => simulation.open())
    await simulation.finish()
    simulation.publish()
    await simulation.finish()
    return { simulation, tabs }
  }

  it('A lock that was granted to a tab that hangs when the leader leaves is soon taken over by another tab', async () => {
    const { simulation, tabs } = await openPages(3)
    const [leader, hung, other] = tabs as [SimulatedTab, SimulatedTab, SimulatedTab]
    hung.isHung = true
    leader.suspend()
    await simulation.finish()
    expect(simulation.leader).toBe(hung)
    // Tabs check after 2.5 s at the earliest whether the leader is silent, and replace it after 10 s.
    vi.advanceTimersByTime(1_000)
    await simulation.finish()
    expect(simulation.leader).toBe(other)
    expect(other.connection).toBeDefined()
    simulation.closeAll()
  })

  it('A leader that is present keeps the lead when a follower leaves', async () => {
    const { simulation, tabs } = await openPages(3)
    const [leader, follower, other] = tabs as [SimulatedTab, SimulatedTab, SimulatedTab]
    follower.suspend()
    await simulation.finish()
    vi.advanceTimersByTime(2_000)
    await simulation.finish()
    expect(simulation.leader).toBe(leader)
    expect(other.requestCount).toBe(0)
    simulation.closeAll()
  })

  it('A tab that closes after the leader left does not lead', async () => {
    const { simulation, tabs } = await openPages(3)
    const [leader, hung, other] = tabs as [SimulatedTab, SimulatedTab, SimulatedTab]
    hung.isHung = true
    leader.suspend()
    await simulation.finish()
    other.session.close()
    vi.advanceTimersByTime(2_000)
    await simulation.finish()
    expect(other.requestCount).toBe(0)
    simulation.closeAll()
  })
})
