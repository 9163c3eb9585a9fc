const lifecycleEvents = ['pagehide', 'pageshow', 'freeze', 'resume', 'visibilitychange']

type LifecycleEvent = Event & { readonly persisted?: boolean }

/**
 * Whether an event that has reached the window is one of the page: its target is the window or the document, and not a
 * node in the document. Elements have events of the same names: a data grid dispatches `freeze`.
 */
export function isOfPage({ target }: Event): boolean {
  return target === globalThis.document || !(target as Partial<Node>).nodeType
}

/**
 * Reports when the page goes away and when it is back. A page is away while it is in the back/forward cache or frozen,
 * and, with `whenHidden`, while it is hidden. Where there is no page, nothing is reported.
 * {@link https://html.spec.whatwg.org/multipage/document-lifecycle.html}
 * {@link https://wicg.github.io/page-lifecycle/}
 * @param onChange gets whether the page is away, and whether it is suspended: frozen or in the back/forward cache
 * @returns a function that stops the reports, if there is a page
 */
export function watchPageLifecycle(
  whenHidden: boolean,
  onChange: (isAway: boolean, isSuspended: boolean) => void,
): (() => void) | undefined {
  const { document } = globalThis
  if (!document) return
  let isSuspended = false
  let wasAway = false
  const update = (): void => {
    const isAway = isSuspended || (!!whenHidden && document.hidden)
    if (isAway !== wasAway) onChange(isAway, isSuspended)
    wasAway = isAway
  }
  const onEvent = (event: LifecycleEvent): void => {
    if (!isOfPage(event)) return
    const { type, persisted } = event
    if (type !== 'visibilitychange') isSuspended = type === 'freeze' || (type === 'pagehide' && !!persisted)
    update()
  }
  // In the capture phase, since some of the events are dispatched at the document.
  for (const type of lifecycleEvents) globalThis.addEventListener(type, onEvent, true)
  update()
  return () => {
    for (const type of lifecycleEvents) globalThis.removeEventListener(type, onEvent, true)
  }
}
