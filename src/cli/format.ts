/** Formats a duration in ms, in the unit that suits it. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 1) return 'less than 1 ms'
  if (milliseconds < 1_000) return `${Math.round(milliseconds)} ms`
  const seconds = milliseconds / 1_000
  return `${seconds < 10 ? Number(seconds.toFixed(1)) : Math.round(seconds)} s`
}

export function formatCount(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`
}

/** Quotes the beginning of a text that came from the server. */
export function quoteExcerpt(text: string, maxLength = 40): string {
  const excerpt = [...text.slice(0, 2 * maxLength)].slice(0, maxLength).join('')
  const quoted = JSON.stringify(excerpt)
  return excerpt.length < text.length ? `${quoted}…` : quoted
}
