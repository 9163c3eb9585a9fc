/**
 * Escapes control characters and invisible formatting characters as in a JavaScript string: text from a server could
 * otherwise control the terminal, or reverse the order of what it shows.
 */
export function escapeControls(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, (character) => {
    const escaped = JSON.stringify(character).slice(1, -1)
    if (escaped !== character) return escaped
    const digits = (character.codePointAt(0) ?? 0).toString(16)
    return digits.length > 4 ? `\\u{${digits}}` : `\\u${digits.padStart(4, '0')}`
  })
}
