/**
 * The value of a Retry-After header, in seconds or as a date, in ms from now; undefined if it asks for no delay.
 * {@link https://httpwg.org/specs/rfc9110.html#field.retry-after}
 */
export function parseRetryAfter(value: string | null | undefined): number | undefined {
  const delay = Number(value) * 1_000 || Date.parse(`${value}`) - Date.now()
  return delay > 0 ? delay : undefined
}
