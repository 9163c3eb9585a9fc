/** What Node's fetch says of every failure; the reason is in the cause. */
const uninformative = 'fetch failed'

/**
 * What is known of something that was thrown: the text that was thrown, or an Error's message and that of its cause.
 */
export function describeError(error: unknown): string {
  if (typeof error === 'string') return error
  const { message, cause } = Object(error)
  const reason = cause?.message || cause?.code
  const texts = [message === uninformative && reason ? '' : message, reason]
  return texts.filter(Boolean).join(': ') || Object(error).code || typeof error
}
