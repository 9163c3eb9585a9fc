import { AppState, type AppStateStatus } from 'react-native'
import type { Network, NetworkListener } from '../page-lifecycle.ts'

function watchAppState(listener: (state: AppStateStatus) => void): () => void {
  // There is no native module in an app's tests, for example.
  if (!AppState?.isAvailable) return () => {}
  const subscription = AppState.addEventListener('change', listener)
  return () => subscription.remove()
}

/**
 * Reports when the app goes away and when it is back. An app is away while it is in the background, if `whenHidden`; an
 * app that is `inactive`, as beneath a notification or in the app switcher, is not.
 * {@link https://reactnative.dev/docs/appstate}
 * @returns a function that stops the reports
 */
export function watchPageLifecycle(whenHidden: boolean, onChange: (isAway: boolean) => void): (() => void) | undefined {
  watchActivations()
  if (!whenHidden) return
  let isAway = false
  const update = (state: AppStateStatus | null): void => {
    const wasAway = isAway
    if (state === 'background') isAway = true
    else if (state === 'active') isAway = false
    if (isAway !== wasAway) onChange(isAway)
  }
  const stop = watchAppState(update)
  update(AppState?.currentState ?? null)
  return stop
}

/**
 * The times at which waits for a reconnection end, in ms after the app has become active. The system closes the
 * connections of an app in the background, but reports it only when the app runs again: the wait that begins then ends at
 * the next of these times. The number of additional attempts is bounded.
 */
const wakeTimes = [0, 1_000, 3_000]

const wakeListeners = new Set<NetworkListener>()
let isWatching = false

function wake(): void {
  for (const listener of [...wakeListeners]) listener({ target: null })
}

/** Starts watching at the first connection: one that is lost in the background begins to wait after the activation. */
function watchActivations(): void {
  if (isWatching) return
  isWatching = true
  watchAppState((state) => {
    if (state === 'active') for (const time of wakeTimes) setTimeout(wake, time)
  })
}

/** The network: `online` is dispatched when the app has become active, so that waits for a reconnection end. */
export const network: Network = {
  addEventListener(_type, listener) {
    wakeListeners.add(listener)
  },
  removeEventListener(_type, listener) {
    wakeListeners.delete(listener)
  },
}

/** Whether the page may be about to be left: never, since an app has no navigation that aborts requests. */
export function isLeavingPage(): boolean {
  return false
}
