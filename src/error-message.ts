/** What is known of something that was thrown. Node's fetch says only "fetch failed": the reason is in its cause. */
export function describeError(error: unknown): string {
  const { message = typeof error, cause } = Object(error)
  return String(cause?.message || cause?.code || message)
}
