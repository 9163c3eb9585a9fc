import { setImmediate } from 'node:timers'

/** The time after which a turn of the event loop is watched, in ms. */
const watchAfter = 1

/** The time after which a watched turn has taken long enough, in ms. */
const maxDuration = 5

/** Kept from the start: a test that replaces timers later must not stop what arrives. jest's jsdom has no global one. */
const startImmediate = setImmediate

/** When the last turn that is known to have ended did so, in ms. */
let lastEnd = 0

/** The end of the turn that is watched. */
let watched: { readonly since: number; readonly end: Promise<void> } | undefined

/**
 * Returns the end of the current turn of the event loop if the turn has taken too long, and timers and other sockets
 * should get their turn: libuv reads one socket up to 32 times in a turn. Asked for every chunk, so it reads the clock
 * only once, and few turns are watched.
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
