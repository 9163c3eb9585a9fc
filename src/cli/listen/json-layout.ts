/** Matches the strings, the structural characters and the other values of a JSON text. */
const tokenPattern = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/gs

/**
 * Lays out a JSON text on one line, or on several lines with indentation. The values are not parsed, so numbers that
 * JavaScript cannot represent stay exact.
 */
export function layOutJson(json: string, layout: 'one line' | 'indented'): string {
  let depth = 0
  let text = ''
  const lineBreak = (): string => (layout === 'one line' ? '' : `\n${'  '.repeat(depth)}`)
  for (const [token] of json.matchAll(tokenPattern)) {
    const isEmpty = /[{[]$/.test(text)
    if (token === '}' || token === ']') {
      depth--
      text += isEmpty ? token : lineBreak() + token
      continue
    }
    if (isEmpty) text += lineBreak()
    text += token
    if (token === '{' || token === '[') depth++
    else if (token === ',') text += lineBreak()
    else if (token === ':' && layout === 'indented') text += ' '
  }
  return text
}
