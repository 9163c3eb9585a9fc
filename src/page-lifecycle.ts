import { onGlobalEvents } from './global-events.ts'

/** What a wait for a reconnection asks about the network, and listens to. */
export interface Network {
  readonly navigator?: { readonly onLine?: boolean }
  addEventListener?(type: 'online', listener: () => void): void
  removeEventListener?(type: 'online', listener: () => void): void
}

/** The network: in a browser, the global object dispatches `online` when it is back. */
export const network: Network = globalThis

const lifecycleEvents = ['beforeunload', 'pagehide', 'pageshow', 'freeze', 'resume', 'visibilitychange']

/**
 * How long after `beforeunload` the loss of a connection may be due to a navigation, in ms. Firefox aborts requests at
 * once, and Chromium when the next page arrives.
 */
const maxNavigationTime = 30_000

let navigationTime = -Infinity

type LifecycleEvent = Event & { readonly persisted?: boolean }

/**
 * Whether an event that has reached the window is one of the page: its target is the window or the document, and not a
 * node in the document. Elements have events of the same names: a data grid dispatches `freeze`.
 */
export function isOfPage({ target }: Event): boolean {
  return target === globalThis.document || !(target as Partial<Node>).nodeType
}

/** Whether the page may be about to be left: by a link, a reload, or a download, which leaves the page where it is. */
export function isLeavingPage(): boolean {
  return performance.now() - navigationTime < maxNavigationTime
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
  // Test tools and servers may have a `document` that is no page.
  if (!document) return
  let isSuspended = false
  let wasAway = false
  const update = (): void => {
    const isAway = isSuspended || (!!whenHidden && document.hidden)
    if (isAway !== wasAway) onChange(isAway)
    wasAway = isAway
  }
  const onEvent = (event: LifecycleEvent): void => {
    if (!isOfPage(event)) return
    const { type, persisted } = event
    if (type === 'beforeunload') navigationTime = performance.now()
    if (type === 'pageshow') navigationTime = -Infinity
    if (type !== 'visibilitychange') isSuspended = type === 'freeze' || (type === 'pagehide' && !!persisted)
    update()
  }
  // In the capture phase, since some of the events are dispatched at the document.
  const stopListening = onGlobalEvents(lifecycleEvents, onEvent, true)
  if (stopListening) update()
  return stopListening
}
