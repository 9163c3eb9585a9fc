const secretName = /auth|cookie|token|secret|passw|credential|session|signature|(^|api|[-_])key$/i

/** The header fields as lines of text, without the values that look like secrets. */
export function describeHeaders(headers: Headers): string[] {
  return [...headers].map(([name, value]) => `${name}: ${secretName.test(name) ? '[redacted]' : value}`)
}

/** The URL without credentials, and without the values of query parameters that look like secrets. */
export function redactUrl(url: string): string {
  const redacted = new URL(url)
  redacted.username = redacted.password = ''
  redacted.search = redacted.search.replace(/([^?&=]+)=[^&]+/g, (parameter, name) =>
    secretName.test(name) ? `${name}=[redacted]` : parameter,
  )
  return redacted.href
}
