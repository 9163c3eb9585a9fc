import { percentDecode, percentEncode } from './percent-encoding.ts'

/** "The application/x-www-form-urlencoded percent-encode set", without the space, which becomes a plus sign. */
const encoded = /[^ *\-.0-9A-Z_a-z]/gu

function encode(text: string): string {
  return percentEncode(text, encoded).replaceAll(' ', '+')
}

function decode(text: string): string {
  return percentDecode(text.replaceAll('+', ' '))
}

function parse(query: string): [string, string][] {
  return query
    .split('&')
    .filter((part) => part !== '')
    .map((part) => {
      const [name = '', ...value] = part.split('=')
      return [decode(name), decode(value.join('='))]
    })
}

/**
 * The part of URLSearchParams that is used here.
 * {@link https://url.spec.whatwg.org/#interface-urlsearchparams}
 */
export class URLSearchParams {
  #pairs: readonly (readonly [string, string])[]
  readonly #onChange: (() => void) | undefined

  /** @param init a query without its question mark, or names and values */
  constructor(init: string | readonly (readonly [string, string])[], onChange?: () => void) {
    this.#pairs = typeof init === 'string' ? parse(init) : init
    this.#onChange = onChange
  }

  has(name: string): boolean {
    return this.#pairs.some(([known]) => known === name)
  }

  delete(name: string): void {
    this.#pairs = this.#pairs.filter(([known]) => known !== name)
    this.#onChange?.()
  }

  toString(): string {
    return this.#pairs.map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&')
  }
}
