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

/** Matches characters that nobody sees, except for the space. */
const invisible = /(?! )[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]/gu

/** Quotes the beginning of a text that came from the server, with invisible characters as escapes. */
export function quoteExcerpt(text: string, maxLength = 40): string {
  const excerpt = [...text.slice(0, 2 * maxLength)].slice(0, maxLength).join('')
  const quoted = JSON.stringify(excerpt).replace(invisible, escapeCharacter)
  return excerpt.length < text.length ? `${quoted}…` : quoted
}

/** Escapes a character as in a JavaScript string. */
function escapeCharacter(character: string): string {
  const digits = (character.codePointAt(0) ?? 0).toString(16)
  return digits.length > 4 ? `\\u{${digits}}` : `\\u${digits.padStart(4, '0')}`
}
