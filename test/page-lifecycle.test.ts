import { describe, expect, it, vi } from 'vitest'
import { watchPageLifecycle } from '../src/page-lifecycle.ts'

import { useFakeTimers } from './fake-timers.ts'
import { stubNetwork } from './stub-network.ts'

useFakeTimers()

describe('A page can be away', () => {
  /** A mock of a document, which Node does not have. Real browsers are tested in test/lifecycle. */
  function stubPage() {
    const network = stubNetwork()
    const document = { hidden: false }
    vi.stubGlobal('document', document)
    const dispatch = (type: string, members: object = {}) =>
      network.dispatchEvent(Object.assign(new Event(type), members))
    return {
      network,
      dispatch,
      hide(hidden: boolean) {
        document.hidden = hidden
        dispatch('visibilitychange')
      },
    }
  }

  it.each([
    ['the back/forward cache', 'pagehide', 'pageshow'],
    ['the frozen state', 'freeze', 'resume'],
  ])('A page goes into %s and comes back', (_, leave, comeBack) => {
    const { dispatch } = stubPage()
    const changes: boolean[] = []
    watchPageLifecycle(false, (isAway) => changes.push(isAway))
    dispatch('pageshow', { persisted: false })
    expect(changes).toEqual([])
    dispatch(leave, { persisted: true })
    expect(changes).toEqual([true])
    dispatch(comeBack, { persisted: true })
    expect(changes).toEqual([true, false])
  })

  it('A page that is left permanently does not count as away', () => {
    const { dispatch } = stubPage()
    const change = vi.fn<(isAway: boolean) => void>()
    watchPageLifecycle(true, change)
    dispatch('pagehide', { persisted: false })
    expect(change).not.toHaveBeenCalled()
  })

  it('A page that is hidden counts as away only with pauseWhenHidden', () => {
    const page = stubPage()
    const counted: boolean[] = []
    const change = vi.fn<(isAway: boolean) => void>()
    watchPageLifecycle(true, (isAway) => counted.push(isAway))
    watchPageLifecycle(false, change)
    page.hide(true)
    page.hide(false)
    expect(counted).toEqual([true, false])
    expect(change).not.toHaveBeenCalled()
  })

  it('A page that is hidden from the start is away from the start with pauseWhenHidden', () => {
    stubPage()
    vi.stubGlobal('document', { hidden: true })
    const change = vi.fn<(isAway: boolean) => void>()
    watchPageLifecycle(true, change)
    expect(change).toHaveBeenCalledExactlyOnceWith(true)
  })

  it('A page that is resumed while it is hidden is still away', () => {
    const page = stubPage()
    const changes: boolean[] = []
    watchPageLifecycle(true, (isAway) => changes.push(isAway))
    page.hide(true)
    page.dispatch('freeze')
    page.dispatch('resume')
    expect(changes).toEqual([true])
    page.hide(false)
    expect(changes).toEqual([true, false])
  })

  it('A page has no listeners after the watch has ended', () => {
    const { network, dispatch } = stubPage()
    const change = vi.fn<(isAway: boolean) => void>()
    const end = watchPageLifecycle(true, change)
    end?.()
    expect(network.listeners).toBe(0)
    dispatch('freeze')
    expect(change).not.toHaveBeenCalled()
  })

  it.each(['pagehide', 'freeze', 'visibilitychange', 'pageshow', 'resume'])(
    'An event %s of an element, whether it bubbles or not, changes nothing',
    (type) => {
      const { network } = stubPage()
      const change = vi.fn<(isAway: boolean) => void>()
      watchPageLifecycle(true, change)
      const event = Object.assign(new Event(type, { bubbles: true }), { persisted: true })
      // Node has no tree of targets: at the window, the event of an element has another target.
      Object.defineProperty(event, 'target', { value: Object.assign(new EventTarget(), { nodeType: 1 }) })
      network.dispatchEvent(event)
      expect(change).not.toHaveBeenCalled()
    },
  )

  it('No listeners are added where there is no page', () => {
    const network = stubNetwork()
    watchPageLifecycle(true, () => expect.unreachable())
    expect(network.listeners).toBe(0)
  })
})
