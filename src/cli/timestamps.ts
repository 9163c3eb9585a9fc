const day = 86_400_000

/** Matches an ISO 8601 date, or seconds or milliseconds since 1970, with its name if it is a JSON property. */
const timestampPattern =
  /(?:"([^"\\]{1,40})"\s*:\s*"?)?(?<![\w.])(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)|\d{10}(?:\.\d+)?|\d{13})(?![\w.])/g

function parseTimestamp(text: string): number {
  if (text.includes('T')) return Date.parse(text)
  return text.length === 13 && !text.includes('.') ? Number(text) : Number(text) * 1_000
}

/**
 * Finds the timestamps in a text that are within a day of a reference time.
 * @param reference a time in ms since 1970
 * @returns the timestamps in ms since 1970 by the names of their JSON properties; the name is empty for any other text
 */
export function findTimestamps(text: string, reference: number): Map<string, number> {
  const found = new Map<string, number>()
  for (const [, name = '', digits = ''] of text.matchAll(timestampPattern)) {
    const timestamp = parseTimestamp(digits)
    if (!found.has(name) && Math.abs(timestamp - reference) < day) found.set(name, timestamp)
  }
  return found
}

/** Returns the time in the id of a Redis stream, without the sequence number that follows it; other ids are unchanged. */
export function removeSequenceNumber(id: string): string {
  return id.replace(/-\d+$/, '')
}
