import { onGlobalEvents } from './global-events.ts'

export type NetworkListener = (event: Pick<Event, 'target'>) => void

/** What a wait for a reconnection asks about the network, and listens to. */
export interface Network {
  readonly navigator?: { readonly onLine?: boolean }
  addEventListener?(type: 'online', listener: NetworkListener): void
  removeEventListener?(type: 'online', listener: NetworkListener): void
}

/** The network: in a browser, the global object dispatches `online` when it is back. */
export const network: Network = globalThis

const lifecycleEvents = ['beforeunload', 'pagehide', 'pageshow', 'freeze', 'resume', 'visibilitychange']

/**
 * How long after an event of a navigation it may abort requests, in ms. Firefox and WebKit do so a few milliseconds after
 * `beforeunload`, even if the response turns out to be a download, and Chromium after `pagehide`.
 */
const maxAbortTime = 1_000

/** Whether such an event has occurred within that time. */
let isLeaving = false

type LifecycleEvent = Event & { readonly persisted?: boolean }

/** Whether a request that fails now may have been aborted by a navigation: by a link, a reload, or a download. */
export function isLeavingPage(): boolean {
  return isLeaving
}

/**
 * Reports when the page goes away and when it is back. A page is away while it is in the back/forward cache or frozen,
 * and, with `whenHidden`, while it is hidden. Where there is no page, nothing is reported.
 * {@link https://html.spec.whatwg.org/multipage/document-lifecycle.html}
 * {@link https://wicg.github.io/page-lifecycle/}
 * @returns a function that stops the reports, if there is a page
 */
export function watchPageLifecycle(whenHidden: boolean, onChange: (isAway: boolean) => void): (() => void) | undefined {
  const { document } = globalThis
  // Test tools and servers may have a `document` that is not a page.
  if (!document) return
  let isSuspended = false
  let wasAway = false
  const update = (): void => {
    // An image or a form named "hidden" takes the place of the boolean: such a page does not pause.
    const isAway = isSuspended || (!!whenHidden && document.hidden === true)
    if (isAway !== wasAway) onChange(isAway)
    wasAway = isAway
  }
  const onEvent = ({ type, persisted }: LifecycleEvent): void => {
    if (type === 'beforeunload' || (type === 'pagehide' && !persisted)) {
      isLeaving = true
      // The page may show a dialog, which stays open for any length of time. The first timer fires only after that.
      setTimeout(() => {
        setTimeout(() => {
          isLeaving = false
        }, maxAbortTime)
      })
    }
    if (type === 'pageshow') isLeaving = false
    if (type !== 'visibilitychange') isSuspended = type === 'freeze' || (type === 'pagehide' && !!persisted)
    update()
  }
  const stopListening = onGlobalEvents(lifecycleEvents, onEvent)
  if (stopListening) update()
  return stopListening
}
