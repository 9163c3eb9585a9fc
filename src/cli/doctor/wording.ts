/** Milliseconds, in a unit that suits them. */
export function time(milliseconds: number): string {
  if (milliseconds < 1) return 'less than 1 ms'
  if (milliseconds < 1_000) return `${Math.round(milliseconds)} ms`
  const seconds = milliseconds / 1_000
  return `${seconds < 10 ? Number(seconds.toFixed(1)) : Math.round(seconds)} s`
}

export function amount(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`
}

/** The beginning of a text that came from the server, in quotes. */
export function excerpt(text: string, longest = 40): string {
  const characters = [...text.slice(0, 2 * longest)]
  const shortened = characters.slice(0, longest).join('')
  const quoted = JSON.stringify(shortened)
  return shortened.length < text.length ? `${quoted}…` : quoted
}
