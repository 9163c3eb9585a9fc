/** A complete line of a stream, with its line ending. */
export interface Line {
  readonly text: string
  readonly end: string
}

/** Splits text into its lines. The text after the last line ending is omitted, because it never counts. */
export function splitLines(text: string): Line[] {
  return Array.from(text.matchAll(/([^\r\n]*)(\r\n|\r|\n)/g), ([, line = '', end = '']) => ({ text: line, end }))
}

export function joinLines(lines: readonly Line[]): string {
  return lines.map(({ text, end }) => text + end).join('')
}

/** Returns whether a line is a field with this name. */
export function isField({ text }: Line, name: string): boolean {
  return text === name || text.startsWith(`${name}:`)
}

/** Returns the value of a field. */
export function fieldValue({ text }: Line): string {
  return text.replace(/^[^:]*:? ?/, '')
}

/** Returns a comment with the line ending of the line. */
export function ignored({ end }: Line): Line {
  return { text: ':', end }
}

/** Splits lines after each blank line. */
export function splitBlocks(lines: readonly Line[]): Line[][] {
  const blocks: Line[][] = [[]]
  for (const line of lines) {
    blocks.at(-1)?.push(line)
    if (line.text === '') blocks.push([])
  }
  return blocks
}
