import { expect, it, vi } from 'vitest'
import { ReconnectThrottle } from '../../src/shared/reconnect-throttle.ts'
import { useFakeTimers } from '../fake-timers.ts'

useFakeTimers()

it('150 requests in two seconds lead to a reconnection at once and one a second', () => {
  const reconnections: number[] = []
  const begin = Date.now()
  const throttle = new ReconnectThrottle(() => reconnections.push(Date.now() - begin), false)
  for (let number = 0; number < 150; number++) {
    throttle.request()
    vi.advanceTimersByTime(2_000 / 150)
  }
  vi.advanceTimersByTime(10_000)
  expect(reconnections).toEqual([0, 1_000, 2_000])
})

it('A request after a quiet second leads to a reconnection at once', () => {
  const reconnect = vi.fn()
  const throttle = new ReconnectThrottle(reconnect, false)
  throttle.request()
  vi.advanceTimersByTime(1_000)
  throttle.request()
  expect(reconnect).toHaveBeenCalledTimes(2)
})

it('After a reset, nothing that was asked for before is done', () => {
  const reconnect = vi.fn()
  const throttle = new ReconnectThrottle(reconnect, false)
  throttle.request()
  throttle.request()
  throttle.reset()
  vi.advanceTimersByTime(10_000)
  expect(reconnect).toHaveBeenCalledTimes(1)
  expect(vi.getTimerCount()).toBe(0)
})
