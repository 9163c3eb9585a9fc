const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/**
 * Base64 of a byte string: not every Hermes has `btoa`.
 * {@link https://infra.spec.whatwg.org/#forgiving-base64-encode}
 */
export function btoa(bytes: string): string {
  return bytes.replace(/.{1,3}/gs, (group) => {
    const [first = 0, second = 0, third = 0] = Array.from(group, (character) => character.charCodeAt(0))
    const bits = (first << 16) | (second << 8) | third
    const digits = [18, 12, 6, 0].map((shift) => alphabet[(bits >> shift) & 0x3f]).join('')
    return digits.slice(0, group.length + 1).padEnd(4, '=')
  })
}
