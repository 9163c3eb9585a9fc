import { AppState, type AppStateStatus } from 'react-native'
import type { NetworkScope } from '../page-lifecycle.ts'

function watchAppState(listener: (state: AppStateStatus) => void): () => void {
  // Where there is no native module, as in tests of an app, there is nothing to watch.
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
 * When waits end after the app became active, in ms. The system closes connections of an app in the background, and says
 * so only when the app runs again: a wait that began for that reason ends with the next of these. The number of attempts
 * that this adds is bounded.
 */
const wakeTimes = [0, 1_000, 3_000]

const wakeListeners = new Set<() => void>()
let isWatching = false

function wake(): void {
  for (const listener of [...wakeListeners]) listener()
}

/** Watches from the first connection on, since one that dies in the background begins its wait only after that. */
function watchActivations(): void {
  if (isWatching) return
  isWatching = true
  watchAppState((state) => {
    if (state === 'active') for (const time of wakeTimes) setTimeout(wake, time)
  })
}

/** Calls a listener when waiting for a reconnection is pointless: the app has become active. */
export const scope: NetworkScope = {
  addEventListener(_type, listener) {
    wakeListeners.add(listener)
  },
  removeEventListener(_type, listener) {
    wakeListeners.delete(listener)
  },
}

/** An app has no navigation that aborts requests. */
export function isLeavingPage(): boolean {
  return false
}
