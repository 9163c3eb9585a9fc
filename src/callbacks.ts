/**
 * Calls a function of the caller that only observes. An exception is reported like that of an event listener, and has
 * no other effect.
 * {@link https://html.spec.whatwg.org/multipage/webappapis.html#report-the-exception}
 */
export function callObserver<Argument>(
  callback: ((argument: Argument) => void) | null | undefined,
  argument: Argument,
): void {
  try {
    callback?.(argument)
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}
