/** Matches characters that take two columns: those of East Asian scripts, full-width forms, and emoji. */
const wide =
  /(?![\uff61-\uffdc])[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]/gu

/** Matches characters that take no column: they combine with the one before. */
const combining = /[\p{Mn}\p{Me}\u200c\u200d]/gu

/** Returns the number of columns that a text takes on a terminal; terminals differ for emoji of several characters. */
export function textWidth(text: string): number {
  const count = (pattern: RegExp): number => text.match(pattern)?.length ?? 0
  return [...text].length + count(wide) - count(combining)
}

/** Appends spaces up to a number of columns. */
export function padColumns(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - textWidth(text)))
}
