import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { EventSourceInit } from '../../src/options/event-source-init.ts'
import { protocolVersion } from '../../src/shared/protocol.ts'
import { SimulatedPage, type SimulatedTab, Simulation } from './simulated-tabs.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'] })
})

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

describe('A tab joins the others', () => {
  it('Tabs that join before there is a connection receive every event, however fast events come', async () => {
    const simulation = new Simulation()
    simulation.publish(5)
    const first = simulation.open({ init: { lastEventId: '0' } })
    const others = [simulation.open(), simulation.open({ replay: 2 }), simulation.open()]
    await simulation.finish()

    for (const { received } of [first, ...others]) expect(received).toEqual([1, 2, 3, 4, 5])
    simulation.closeAll()
  })

  it('A tab that joins is open at once, knows the last event ID, and receives as many events as it asks for', async () => {
    const simulation = new Simulation()
    simulation.open()
    await simulation.finish()
    simulation.publish(5)
    await simulation.finish()
    const plain = simulation.open()
    const replaying = simulation.open({ replay: 3 })
    await simulation.finish()

    expect(plain).toMatchObject({ openCount: 1, received: [], requestCount: 0, session: { lastEventId: '5' } })
    expect(replaying).toMatchObject({
      openCount: 1,
      received: [3, 4, 5],
      requestCount: 0,
      session: { lastEventId: '5' },
    })
    simulation.closeAll()
  })

  it('A tab that joins receives past events from a leader that was a follower when they came', async () => {
    const simulation = new Simulation()
    const first = simulation.open()
    simulation.open()
    await simulation.finish()
    simulation.publish(5)
    await simulation.finish()
    simulation.lose(first, 0)
    await simulation.finish()
    const joined = simulation.open({ replay: 4 })
    await simulation.finish()

    expect(joined.received).toEqual([2, 3, 4, 5])
    simulation.closeAll()
  })
})

describe('A tab resumes after an event that it knows', () => {
  it('A tab with a last event ID joins tabs that have received that event', async () => {
    const simulation = new Simulation()
    const leader = simulation.open()
    await simulation.finish()
    simulation.publish(5)
    await simulation.finish()
    const resumed = simulation.open({ init: { lastEventId: '2' } })
    await simulation.finish()

    expect(resumed).toMatchObject({ openCount: 1, received: [3, 4, 5], requestCount: 0 })
    expect(leader.requestCount).toBe(1)
    simulation.closeAll()
  })

  it('Tabs with the same last event ID share one request', async () => {
    const simulation = new Simulation()
    simulation.publish(5)
    const tabs = [1, 2, 3].map(() => simulation.open({ init: { lastEventId: '2' } }))
    await simulation.finish()

    for (const { received } of tabs) expect(received).toEqual([3, 4, 5])
    expect(tabs.map(({ requestCount }) => requestCount)).toEqual([1, 0, 0])
    simulation.closeAll()
  })

  it('A tab with a last event ID connects by itself while the others have received no event, and then follows', async () => {
    const simulation = new Simulation()
    simulation.publish(5)
    const first = simulation.open()
    await simulation.finish()
    const resumed = simulation.open({ init: { lastEventId: '2' } })
    await simulation.finish()
    simulation.publish()
    await simulation.finish()

    simulation.publish()
    await simulation.finish()

    expect(simulation.leader).toBe(first)
    expect(resumed.received).toEqual([3, 4, 5, 6, 7])
    expect(resumed.connection).toBeUndefined()
    expect(first.received).toEqual([6, 7])
    simulation.closeAll()
  })

  it('A tab connects by itself if the others do not know what came after its last event, and then follows', async () => {
    const simulation = new Simulation()
    simulation.publish(5)
    const first = simulation.open()
    await simulation.finish()
    simulation.publish()
    await simulation.finish()
    const resumed = simulation.open({ init: { lastEventId: '2' } })
    await simulation.finish()
    simulation.publish()
    await simulation.finish()

    expect(resumed).toMatchObject({ received: [3, 4, 5, 6, 7], requestCount: 1, openCount: 1 })
    expect(resumed.connection).toBeUndefined()
    expect(first).toMatchObject({ received: [6, 7], requestCount: 1 })
    expect(simulation.leader).toBe(first)
    simulation.closeAll()
  })
})

describe('Tabs share what happens to the connection', () => {
  it('The leader reconnects for any tab that asks', async () => {
    const simulation = new Simulation()
    const leader = simulation.open()
    const follower = simulation.open()
    await simulation.finish()
    const { dropCount } = follower
    follower.session.reconnect()
    await simulation.finish()

    expect(leader).toMatchObject({ requestCount: 2, openCount: 2 })
    expect(follower).toMatchObject({ requestCount: 0, openCount: 2, dropCount: dropCount + 1, interruptions: [] })
    simulation.closeAll()
  })

  it('Every tab receives an interruption with the same details', async () => {
    const simulation = new Simulation()
    const tabs = [simulation.open(), simulation.open(), simulation.open()]
    await simulation.finish()
    tabs[0]?.connection?.drop()
    await simulation.finish()

    for (const { interruptions } of tabs) {
      expect(interruptions).toMatchObject([{ reason: 'ended', status: undefined, attempt: 1, willReconnect: true }])
      expect(interruptions).toEqual(tabs[0]?.interruptions)
    }
    simulation.closeAll()
  })

  it('Followers receive the message of a cause that cannot be cloned', async () => {
    const simulation = new Simulation()
    const init = { headers: () => Promise.reject(Object.assign(() => {}, { message: 'no token' })) }
    const tabs = [simulation.open({ init }), simulation.open({ init })]
    await simulation.finish()

    expect(tabs[0]?.interruptions[0]?.error).toBeTypeOf('function')
    expect(tabs[1]?.interruptions[0]?.error).toEqual(new Error('no token'))
    simulation.closeAll()
  })

  it('A connection that fails closes every tab after one request, and the next tab begins a new one', async () => {
    const simulation = new Simulation()
    simulation.status = 204
    const tabs = [simulation.open(), simulation.open(), simulation.open()]
    await simulation.fireTimers(30)

    for (const { interruptions, session } of tabs) {
      expect(interruptions).toMatchObject([{ reason: 'status', status: 204, willReconnect: false }])
      expect(session.closed).toBe(true)
    }
    expect(tabs.map(({ requestCount }) => requestCount)).toEqual([1, 0, 0])
    expect(vi.getTimerCount()).toBe(0)
    expect(simulation.leader).toBeUndefined()
  })
})

describe('The next leader knows what the last one knew', () => {
  it('Followers know an ID that came without an event, and the next leader asks with it', async () => {
    const simulation = new Simulation({ ids: 'greetings' })
    simulation.publish(100)
    const [leader, follower] = [simulation.open(), simulation.open()]
    await simulation.finish()
    expect(follower.session.lastEventId).toBe('100')
    simulation.lose(leader, 0)
    simulation.publish(3)
    await simulation.finish()

    expect(follower).toMatchObject({ requestedIds: ['100'], received: [101, 102, 103] })
    simulation.closeAll()
  })

  it('Followers know that the ID was reset, and the next leader asks without one', async () => {
    const simulation = new Simulation({ ids: 'reset' })
    const [leader, follower] = [simulation.open(), simulation.open()]
    await simulation.finish()
    simulation.publish()
    await simulation.finish()
    expect(follower).toMatchObject({ received: [1], session: { lastEventId: '' } })
    simulation.lose(leader, 0)
    await simulation.finish()
    expect(follower.requestedIds).toEqual([null])
    simulation.closeAll()
  })
})

describe('A tab that takes over is refused', () => {
  async function takeOver(status: number): Promise<{ simulation: Simulation; tabs: SimulatedTab[] }> {
    const simulation = new Simulation()
    const tabs = [simulation.open(), simulation.open(), simulation.open()]
    await simulation.finish()
    simulation.publish()
    await simulation.finish()
    simulation.status = status
    tabs[0]?.session.close()
    await simulation.finish()
    return { simulation, tabs: tabs.slice(1) }
  }

  it.for([500, 503, 429])('A server that answers a new leader with %i for a while closes no tab', async (status) => {
    const { simulation, tabs } = await takeOver(status)
    await simulation.fireTimers(10)
    for (const { session } of tabs) expect(session.closed).toBe(false)
    simulation.status = 200
    await simulation.fireTimers(100)
    simulation.publish()
    await simulation.finish()
    for (const { received } of tabs) expect(received).toEqual([1, 2])
    simulation.closeAll()
  })

  it.for([204, 401, 403, 404])('A server that answers a new leader with %i closes all tabs', async (status) => {
    const { simulation, tabs } = await takeOver(status)
    for (const { session, interruptions } of tabs) {
      expect(interruptions).toMatchObject([{ status, willReconnect: false }])
      expect(session.closed).toBe(true)
    }
    await simulation.fireTimers(10)
  })

  it('A server that refuses a leader which had a connection closes all tabs, as it does a tab without others', async () => {
    const simulation = new Simulation()
    const [leader, follower] = [simulation.open(), simulation.open()]
    await simulation.finish()
    simulation.status = 503
    leader.connection?.drop()
    await simulation.fireTimers(10)
    expect(follower.interruptions).toMatchObject([{ reason: 'ended' }, { status: 503, willReconnect: false }])
    expect(follower.session.closed).toBe(true)
  })
})

describe('Other code of the page or the origin interferes', () => {
  it('A tab whose messages cannot be sent goes on alone, and the others without it, and none of them loses an event', async () => {
    const simulation = new Simulation()
    const [leader, follower] = [simulation.open(), simulation.open()]
    await simulation.finish()
    simulation.publish()
    await simulation.finish()
    leader.cannotSend = true
    simulation.publish(3)
    await simulation.finish()
    expect(leader.received).toEqual([1, 2, 3, 4])
    await simulation.fireTimers(1)
    simulation.publish()
    await simulation.finish()
    expect(simulation.leader).toBe(follower)
    for (const { received } of [leader, follower]) expect(received).toEqual([1, 2, 3, 4, 5])
    simulation.closeAll()
  })

  it('A source of a frame that was removed is closed, whether it leads or follows', async () => {
    const page: { document: { defaultView: object | null } } = { document: { defaultView: null } }
    page.document.defaultView = page
    vi.stubGlobal('document', page.document)
    const simulation = new Simulation()
    const [leader, follower] = [simulation.open(), simulation.open()]
    await simulation.finish()
    for (const { session } of [leader, follower]) expect(session.closed).toBe(false)
    page.document.defaultView = null
    for (const { session } of [leader, follower]) expect(session.closed).toBe(true)
    simulation.closeAll()
  })
})

describe('A signal closes a tab', () => {
  it('A signal closes the tab that it was given to, and no other', async () => {
    const simulation = new Simulation()
    const controller = new AbortController()
    const [first, second] = [simulation.open({ init: { signal: controller.signal } }), simulation.open()]
    await simulation.finish()
    controller.abort()
    await simulation.finish()

    expect(first.session.closed).toBe(true)
    expect(first.connection).toBeUndefined()
    expect(second.session.closed).toBe(false)
    expect(second.connection).toBeDefined()
    simulation.closeAll()
  })

  it('A tab with a signal that is already aborted does not join', async () => {
    const simulation = new Simulation()
    const tab = simulation.open({ init: { signal: AbortSignal.abort() } })
    await simulation.finish()

    expect(tab).toMatchObject({ requestCount: 0, session: { closed: true } })
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('A page can be away', () => {
  interface Opened {
    readonly simulation: Simulation
    readonly leader: SimulatedTab
    readonly follower: SimulatedTab
    readonly tab: SimulatedTab
    setHidden(isHidden: boolean): void
  }

  /** Opens two tabs without a page, such as workers, and one with a page; each of them has received event 1. */
  async function open(init: EventSourceInit = {}): Promise<Opened> {
    const simulation = new Simulation()
    const [leader, follower] = [simulation.open(), simulation.open()]
    await simulation.finish()
    simulation.stubPages()
    const tab = simulation.open({ init })
    await simulation.finish()
    simulation.publish()
    await simulation.finish()
    const setHidden = (isHidden: boolean): void => {
      tab.page.document.hidden = isHidden
      tab.run(() => tab.page.dispatch('visibilitychange'))
    }
    return { simulation, leader, follower, tab, setHidden }
  }

  /**
   * Opens the same tabs. The page was away, missed more events than the others keep, and gets them over its own
   * connection.
   */
  async function openBehind(): Promise<Opened> {
    const opened = await open()
    const { simulation, tab } = opened
    tab.suspend()
    simulation.publish(500)
    await simulation.finish()
    tab.restore()
    await simulation.finish()
    return opened
  }

  it('A page with pauseWhenHidden does not lead while it is hidden, but follows', async () => {
    const { simulation, leader, follower, tab, setHidden } = await open({ pauseWhenHidden: true })
    setHidden(true)
    leader.session.close()
    await simulation.finish()
    simulation.publish()
    await simulation.finish()
    expect(simulation.leader).toBe(follower)
    expect(tab.received).toEqual([1, 2])

    follower.session.close()
    await simulation.fireTimers(30)
    expect(simulation.leader).toBeUndefined()
    expect(tab.requestCount).toBe(0)
    const joined = simulation.open()
    await simulation.finish()
    expect(simulation.leader).toBe(joined)
    simulation.closeAll()
  })

  it('A page with pauseWhenHidden closes the connection if there is no other tab, and resumes when it is shown', async () => {
    const { simulation, leader, follower, tab, setHidden } = await open({ pauseWhenHidden: true })
    leader.session.close()
    follower.session.close()
    await simulation.finish()
    expect(tab.connection).toBeDefined()
    setHidden(true)
    await simulation.fireTimers(30)
    expect(tab.connection).toBeUndefined()
    simulation.publish()
    setHidden(false)
    await simulation.finish()
    expect(tab).toMatchObject({ requestCount: 2, received: [1, 2], interruptions: [] })
    simulation.closeAll()
  })

  it('A page in the back/forward cache receives nothing, and receives what it missed when it is back', async () => {
    const { simulation, tab } = await open()
    tab.suspend()
    simulation.publish(2)
    await simulation.finish()
    expect(tab.received).toEqual([1])
    tab.restore()
    simulation.publish()
    await simulation.finish()
    expect(tab).toMatchObject({ received: [1, 2, 3, 4], requestCount: 0, interruptions: [] })
    simulation.closeAll()
  })

  it('A page that missed more events than the others keep gets them by itself when it is back, and then follows', async () => {
    const { simulation, leader, follower, tab } = await openBehind()
    simulation.publish()
    await simulation.finish()
    const all = Array.from({ length: 502 }, (_, index) => index + 1)
    for (const { received } of [leader, follower, tab]) expect(received).toEqual(all)
    expect(simulation.leader).toBe(leader)
    expect(leader.requestCount).toBe(1)
    expect(tab).toMatchObject({ requestCount: 1, connection: undefined })
    simulation.closeAll()
  })

  /** Opens two tabs that have received no event, of a server that sends all events to a request without an ID. */
  async function openWithoutId(): Promise<{ simulation: Simulation; leader: SimulatedTab; away: SimulatedTab }> {
    const simulation = new Simulation({ startsOver: true })
    simulation.stubPages()
    const [leader, away] = [simulation.open(), simulation.open()]
    await simulation.finish()
    away.suspend()
    await simulation.finish()
    return { simulation, leader, away }
  }

  it('A page that has no ID gets what it missed by itself if that is more than the others keep', async () => {
    const { simulation, leader, away } = await openWithoutId()
    simulation.publish(200)
    await simulation.finish()
    away.restore()
    await simulation.finish()
    simulation.publish(2)
    await simulation.finish()
    expect(away.received).toEqual(Array.from({ length: 202 }, (_, index) => index + 1))
    expect(away).toMatchObject({ requestedIds: [null], connection: undefined })
    expect(leader.requestCount).toBe(1)
    simulation.closeAll()
  })

  it('A page that has no ID gets what it missed by itself if the leader joined after that', async () => {
    const { simulation, leader, away } = await openWithoutId()
    simulation.publish(3)
    await simulation.finish()
    const joined = simulation.open()
    await simulation.finish()
    leader.session.close()
    await simulation.finish()
    simulation.publish(2)
    await simulation.finish()
    away.restore()
    await simulation.finish()
    simulation.publish(2)
    await simulation.finish()
    expect(away.received).toEqual([1, 2, 3, 4, 5, 6, 7])
    expect(joined.received).toEqual([4, 5, 6, 7])
    simulation.closeAll()
  })

  it('Tabs are not open any more once the last one that can lead pauses', async () => {
    const simulation = new Simulation()
    simulation.stubPages()
    const init = { pauseWhenHidden: true }
    const tabs = [simulation.open({ init }), simulation.open({ init })]
    await simulation.finish()
    for (const tab of tabs.toReversed()) {
      tab.page.document.hidden = true
      tab.run(() => tab.page.dispatch('visibilitychange'))
      await simulation.finish()
    }
    expect(simulation.leader).toBeUndefined()
    for (const tab of tabs) {
      expect(tab.connection).toBeUndefined()
      expect(tab.isOpen).toBe(false)
    }
    simulation.closeAll()
  })

  it('A page that is behind follows, although there is no new event', async () => {
    const { simulation, leader, tab } = await openBehind()
    expect(tab.connection).toBeDefined()
    await simulation.fireTimers(20)
    expect(tab.received).toEqual(leader.received)
    expect(tab).toMatchObject({ requestCount: 1, connection: undefined })
    simulation.closeAll()
  })

  it('A page that is behind leads with the connection that it has if there is no other tab', async () => {
    const { simulation, leader, follower, tab } = await openBehind()
    leader.session.close()
    follower.session.close()
    await simulation.finish()
    simulation.publish()
    await simulation.finish()
    expect(simulation.leader).toBe(tab)
    expect(tab.requestCount).toBe(1)
    expect(tab.received.at(-1)).toBe(502)
    simulation.closeAll()
  })

  it('A page leaves neither the lead nor its connection for a pagehide that a script dispatches', async () => {
    const { simulation, leader, follower, tab } = await open()
    leader.session.close()
    follower.session.close()
    await simulation.finish()
    tab.run(() => tab.page.dispatch('pagehide', { isTrusted: false }))
    await simulation.finish()
    simulation.publish()
    await simulation.finish()
    expect(tab).toMatchObject({ requestCount: 1, received: [1, 2] })
    simulation.closeAll()
  })

  it('A page that is left permanently closes its connection and releases its lock by itself', async () => {
    const { simulation, leader, follower, tab } = await open()
    leader.session.close()
    follower.session.close()
    await simulation.finish()
    expect(simulation.leader).toBe(tab)
    tab.run(() => tab.page.dispatch('pagehide'))
    await simulation.finish()
    expect(tab.connection).toBeUndefined()
    expect(simulation.leader).toBeUndefined()
    simulation.closeAll()
  })
})

describe('A page can have more than one source', () => {
  it('All sources of a page leave before one of them releases its lock', async () => {
    const simulation = new Simulation()
    simulation.stubPages()
    const page = new SimulatedPage()
    const [first, second] = [simulation.open({ page }), simulation.open({ page })]
    const other = simulation.open()
    await simulation.finish()
    simulation.publish()
    await simulation.finish()
    expect(simulation.leader).toBe(first)
    await page.leave()
    await simulation.finish()
    expect(simulation.leader).toBe(other)
    expect(other.connection).toBeDefined()

    simulation.publish()
    await simulation.finish()
    first.restore()
    await simulation.finish()
    for (const { received } of [first, second, other]) expect(received).toEqual([1, 2])
    expect(simulation.leader).toBe(other)
    simulation.closeAll()
  })
})

describe('Anybody can send anything on the channel', () => {
  it.for([
    null,
    undefined,
    'junk',
    7,
    [],
    {},
    { version: protocolVersion },
    { version: protocolVersion, kind: 'update' },
  ])('Tabs ignore %j', async (junk) => {
    const simulation = new Simulation()
    const tabs = [simulation.open(), simulation.open()]
    await simulation.finish()
    for (const tab of tabs) simulation.broadcast(tab, junk)
    simulation.publish()
    await simulation.finish()

    for (const tab of tabs) expect(tab).toMatchObject({ received: [1], openCount: 1, otherVersionCount: 0 })
    simulation.closeAll()
  })

  it('Tabs ignore messages of another version, and each reports that version once', async () => {
    const simulation = new Simulation()
    const tabs = [simulation.open(), simulation.open()]
    await simulation.finish()
    const [leader, follower] = tabs as [SimulatedTab, SimulatedTab]
    const update = { version: 99, kind: 'update', term: 1e15, key: 1.7, lastEventId: '7', messages: [] }
    for (let count = 0; count < 3; count++) {
      for (const tab of tabs) simulation.broadcast(tab, update)
      await simulation.finish()
    }
    simulation.publish()
    await simulation.finish()

    for (const tab of tabs) expect(tab).toMatchObject({ received: [1], openCount: 1, otherVersionCount: 1 })
    expect(simulation.leader).toBe(leader)
    expect(follower.requestCount).toBe(0)
    simulation.closeAll()
  })

  it('A tab that receives a message of another version sends one, so that the other tab can report it, too', async () => {
    const simulation = new Simulation()
    const tab = simulation.open()
    const other = simulation.open()
    await simulation.finish()
    const broadcast = vi.spyOn(simulation, 'broadcast')
    simulation.broadcast(other, { version: 99, kind: 'update' })
    await simulation.finish()
    expect(broadcast).toHaveBeenCalledWith(
      tab,
      expect.objectContaining({ version: protocolVersion }),
      expect.anything(),
    )
    simulation.closeAll()
  })
})

describe('Many tabs can ask for reconnections', () => {
  it('A storm of reconnect() from every tab reconnects at most once a second', async () => {
    const simulation = new Simulation()
    const tabs = [simulation.open(), simulation.open(), simulation.open()]
    await simulation.finish()
    const [leader] = tabs as [SimulatedTab]
    for (let count = 0; count < 50; count++) {
      for (const tab of tabs) tab.session.reconnect()
      await simulation.finish()
      vi.advanceTimersByTime(40)
    }
    await simulation.fireTimers(20)
    // The first connection, one for the first call, and one a second, of which the last follows the storm.
    expect(leader.requestCount).toBe(4)
    for (const tab of tabs) expect(tab.openCount).toBe(leader.openCount)
    simulation.closeAll()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('A call of reconnect() soon after another one reconnects a second after that one', async () => {
    const simulation = new Simulation()
    const [leader, follower] = [simulation.open(), simulation.open()]
    await simulation.finish()
    follower.session.reconnect()
    await simulation.finish()
    expect(leader.requestCount).toBe(2)
    vi.advanceTimersByTime(100)
    leader.session.reconnect()
    await simulation.finish()
    vi.advanceTimersByTime(800)
    await simulation.finish()
    expect(leader.requestCount).toBe(2)
    vi.advanceTimersByTime(200)
    await simulation.finish()
    expect(leader).toMatchObject({ requestCount: 3, openCount: 3 })
    expect(follower.openCount).toBe(3)
    simulation.closeAll()
  })
})
