/** A complete line of a stream, with what ends it. */
export interface Line {
  readonly text: string
  readonly end: string
}

/** What follows the last end of line is left out: it never counts. */
export function splitLines(text: string): Line[] {
  return Array.from(text.matchAll(/([^\r\n]*)(\r\n|\r|\n)/g), ([, line = '', end = '']) => ({ text: line, end }))
}

export function joinLines(lines: readonly Line[]): string {
  return lines.map(({ text, end }) => text + end).join('')
}

/** Whether a line is a field of that name. */
export function isField({ text }: Line, name: string): boolean {
  return text === name || text.startsWith(`${name}:`)
}

/** The value of a field. */
export function fieldValue({ text }: Line): string {
  return text.replace(/^[^:]*:? ?/, '')
}

/** The line, saying nothing. */
export function ignored({ end }: Line): Line {
  return { text: ':', end }
}

/** Up to each blank line, and what follows the last one. */
export function splitBlocks(lines: readonly Line[]): Line[][] {
  const blocks: Line[][] = [[]]
  for (const line of lines) {
    blocks.at(-1)?.push(line)
    if (line.text === '') blocks.push([])
  }
  return blocks
}
