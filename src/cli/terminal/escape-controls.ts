/**
 * Matches control characters and invisible formatting characters, such as those that reverse the order of what is shown;
 * not the joiners that Persian, Hindi and emoji need (U+200C and U+200D).
 */
const controls = /(?![\u200c\u200d])[\p{Cc}\p{Cf}]/gu

/**
 * Escapes control characters and invisible formatting characters as in a JavaScript string: text from a server could
 * otherwise control the terminal, or reverse the order of what it shows.
 */
export function escapeControls(text: string): string {
  return text.replace(controls, (character) => {
    const escaped = JSON.stringify(character).slice(1, -1)
    if (escaped !== character) return escaped
    const digits = (character.codePointAt(0) ?? 0).toString(16)
    return digits.length > 4 ? `\\u{${digits}}` : escapeUnit(character)
  })
}

/** Escapes such characters except for line feeds and tabs, so that a text keeps its lines. */
export function escapeControlsInText(text: string): string {
  return text.replace(/[^\n\t]+/g, escapeControls)
}

/** Escapes such characters in JSON, where they can only be in strings: the values stay the same. */
export function escapeControlsInJson(json: string): string {
  return json.replace(controls, (character) => (/[\n\t]/.test(character) ? character : escapeUnits(character)))
}

function escapeUnits(text: string): string {
  return text.replace(/[\s\S]/g, escapeUnit)
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
}
