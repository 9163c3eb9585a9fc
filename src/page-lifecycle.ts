import { onGlobalEvents } from './global-events.ts'

const lifecycleEvents = ['pagehide', 'pageshow', 'freeze', 'resume', 'visibilitychange']

type LifecycleEvent = Event & { readonly persisted?: boolean }

/**
 * Whether an event on its way through the window is one of the page. Elements have events of the same names: a data grid
 * dispatches `freeze`.
 */
export function isOfPage({ target, currentTarget }: Event): boolean {
  return target === currentTarget || target === globalThis.document
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
    const isAway = isSuspended || (whenHidden && document.hidden)
    if (isAway !== wasAway) onChange(isAway)
    wasAway = isAway
  }
  const onEvent = (event: LifecycleEvent): void => {
    if (!isOfPage(event)) return
    const { type, persisted } = event
    if (type !== 'visibilitychange') isSuspended = type === 'freeze' || (type === 'pagehide' && !!persisted)
    update()
  }
  // In the capture phase, since some of the events are dispatched at the document.
  const stopListening = onGlobalEvents(lifecycleEvents, onEvent, true)
  if (stopListening) update()
  return stopListening
}
