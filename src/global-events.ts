/** The global object, or a substitute in a runtime whose global object dispatches no events. */
interface GlobalEventTarget {
  addEventListener(type: string, listener: (event: Event) => void, capture: boolean): void
  removeEventListener?(type: string, listener: (event: Event) => void, options: object): void
}

/** The `nodeType` of a document; a window has none. */
const documentNode = 9

/**
 * Listens to events of the global object and of its document, and not to those of nodes in the document, which bubble to
 * the window under the same names: a data grid dispatches `freeze`, and a list of contacts `online`. Events are optional
 * everywhere: the functions may be missing, and those of a window that a test tool has copied may throw.
 * @param target what dispatches them, where that is not the global object
 * @returns a function that removes the listener; undefined if it could not be added
 */
export function onGlobalEvents(
  types: readonly string[],
  listener: (event: Event) => void,
  target: object = globalThis,
): (() => void) | undefined {
  const scope = target as GlobalEventTarget
  const onEvent = (event: Event): void => {
    const nodeType = (event.target as Node | null)?.nodeType ?? documentNode
    if (nodeType === documentNode) listener(event)
  }
  try {
    // In the capture phase, since some of the events are dispatched at the document and do not bubble.
    for (const type of types) scope.addEventListener(type, onEvent, true)
  } catch {
    return
  }
  return () => {
    // The options are an object because Node does not accept `true` here.
    for (const type of types) scope.removeEventListener?.(type, onEvent, { capture: true })
  }
}
