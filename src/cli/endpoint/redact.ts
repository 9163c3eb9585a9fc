/** Matches names of headers and of query parameters whose values are likely to be secrets. */
const secretName =
  /auth(?!ority$)|cookie|token|secret|passw|pwd|credential|sess(?:ion|id)|signature|jwt|(^|api|[-_])key$|(^|[-_])sig$/i

/** Formats headers as lines of text. The values of headers whose names suggest a secret are replaced. */
export function formatHeaders(headers: Iterable<readonly [string, string]>): string[] {
  return [...headers].map(([name, value]) => `${name}: ${redactValue(name, value)}`)
}

function redactValue(name: string, value: string): string {
  if (secretName.test(name)) return '[redacted]'
  const isUrl = /^(content-)?location$/i.test(name)
  return isUrl ? redactQuery(value.replace(/^([a-z][a-z\d+.-]*:)?\/\/[^/?#]*@/i, '$1//')) : value
}

/** Removes credentials from a URL, and the values of query parameters whose names suggest a secret. */
export function redactUrl(url: string): string {
  const redacted = new URL(url)
  redacted.username = redacted.password = ''
  redacted.search = redactQuery(redacted.search)
  return redacted.href
}

function redactQuery(url: string): string {
  return url.replace(/([^?&=#]+)=[^&#]+/g, (parameter, name: string) =>
    // The `code` of OAuth is a secret, while headers of that name are not.
    secretName.test(name) || /^code$/i.test(name) ? `${name}=[redacted]` : parameter,
  )
}
