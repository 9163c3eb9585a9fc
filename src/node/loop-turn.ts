import { setImmediate } from 'node:timers'

/** The time after which a turn of the event loop is watched, in ms. */
const watchAfter = 1

/** The time after which a watched turn has taken long enough, in ms. */
const maxDuration = 5

/**
 * Kept from the start, so that a test that replaces timers later does not stop the delivery. jest's jsdom has no global
 * one.
 */
const startImmediate = setImmediate

/** The time at which the last watched turn ended, in ms. */
let lastEnd = 0

/** The end of the turn that is watched. */
let watched: { readonly since: number; readonly end: Promise<void> } | undefined

/**
 * Returns the end of the current turn of the event loop if the turn has taken too long, and timers and other sockets
 * should get their turn: libuv reads one socket up to 32 times in a turn. This is called for every chunk, so it reads
 * the clock only once, and few turns are watched.
 */
export function endOfLongTurn(): Promise<void> | undefined {
  const now = performance.now()
  if (watched) return now - watched.since > maxDuration ? watched.end : undefined
  if (now - lastEnd > watchAfter) {
    const end = new Promise<void>((resolve) => {
      startImmediate(() => {
        watched = undefined
        lastEnd = performance.now()
        resolve()
      })
    })
    watched = { since: now, end }
  }
  return undefined
}
