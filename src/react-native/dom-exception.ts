/** The codes of the names that this package throws. */
const legacyCodes: Readonly<Record<string, number>> = { SyntaxError: 12, AbortError: 20 }

/**
 * The DOMException that no version of React Native has; Expo has one.
 * {@link https://webidl.spec.whatwg.org/#idl-DOMException}
 */
export class DOMException extends Error {
  override readonly name: string
  readonly code: number

  constructor(message = '', name = 'Error') {
    super(message)
    this.name = name
    this.code = legacyCodes[name] ?? 0
  }
}
