/**
 * Describes something that was thrown: the text that was thrown, or an Error's message and that of its cause, unless
 * the message already contains that.
 */
export function describeError(error: unknown): string {
  if (typeof error === 'string') return error
  const { message, cause, code } = Object(error)
  const reason = typeof cause === 'string' ? cause : cause?.message || cause?.code
  const texts = [message, message?.includes(reason) ? '' : reason]
  return texts.filter(Boolean).join(': ') || code || typeof error
}
