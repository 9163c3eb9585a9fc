const lifecycleEvents = ['pagehide', 'pageshow', 'freeze', 'resume', 'visibilitychange']

/**
 * Reports when the page goes away and when it is back. A page is away while it is in the back/forward cache or frozen,
 * and, with `whenHidden`, while it is hidden. Where there is no page, nothing is reported.
 * {@link https://html.spec.whatwg.org/multipage/document-lifecycle.html}
 * {@link https://wicg.github.io/page-lifecycle/}
 * @returns a function that stops the reports, if there is a page
 */
export function watchPageLifecycle(whenHidden: boolean, onChange: (isAway: boolean) => void): (() => void) | undefined {
  const { document } = globalThis
  if (!document) return
  let isSuspended = false
  let wasAway = false
  const onEvent = ({ type, persisted }: { type?: string; persisted?: boolean }): void => {
    if (type !== 'visibilitychange') isSuspended = type === 'freeze' || (type === 'pagehide' && !!persisted)
    const isAway = isSuspended || (whenHidden && document.hidden)
    if (isAway !== wasAway) onChange(isAway)
    wasAway = isAway
  }
  // In the capture phase, since some of the events are dispatched at the document.
  for (const type of lifecycleEvents) globalThis.addEventListener(type, onEvent, true)
  onEvent({})
  return () => {
    for (const type of lifecycleEvents) globalThis.removeEventListener(type, onEvent, true)
  }
}
