const secretName = /auth(?!ority$)|cookie|token|secret|passw|credential|session|signature|(^|api|[-_])key$/i

/** Formats headers as lines of text. The values of headers whose names suggest a secret are replaced. */
export function formatHeaders(headers: Iterable<readonly [string, string]>): string[] {
  return [...headers].map(([name, value]) => `${name}: ${secretName.test(name) ? '[redacted]' : value}`)
}

/** Removes credentials from a URL, and the values of query parameters whose names suggest a secret. */
export function redactUrl(url: string): string {
  const redacted = new URL(url)
  redacted.username = redacted.password = ''
  redacted.search = redacted.search.replace(/([^?&=]+)=[^&]+/g, (parameter, name) =>
    secretName.test(name) ? `${name}=[redacted]` : parameter,
  )
  return redacted.href
}
