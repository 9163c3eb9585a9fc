/**
 * Breaks a text at spaces into lines of at most `width` characters; a longer word keeps its own line.
 * @param firstWidth the width of the first line, which may begin further to the right
 */
export function wrap(text: string, width: number, firstWidth = width): string[] {
  const words = text.split(' ')
  // The first word may not fit on the first line, but on the second.
  const lines: string[] = firstWidth < width && (words[0]?.length ?? 0) > firstWidth ? [''] : []
  let line = ''
  for (const word of words) {
    const available = lines.length === 0 ? firstWidth : width
    if (line && line.length + 1 + word.length > available) {
      lines.push(line)
      line = word
    } else {
      line = line ? `${line} ${word}` : word
    }
  }
  return [...lines, line]
}
