import type { IncomingHttpHeaders } from 'node:http'

/** Returns the values of a header, combined as a client combines them. */
export function headerValue(headers: IncomingHttpHeaders | undefined, name: string): string | undefined {
  const value = headers?.[name]
  return Array.isArray(value) ? value.join(', ') : value
}

/** Returns the members of a header whose value is a list, in lower case. */
export function headerList(headers: IncomingHttpHeaders | undefined, name: string): string[] {
  const value = headerValue(headers, name) ?? ''
  return value
    .toLowerCase()
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean)
}
