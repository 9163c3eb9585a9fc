import { normalizeValue } from '../platform/header-syntax.ts'
import type { RequestHeaders } from '../platform/platform.ts'

/**
 * The headers of a request. The first use of Node's own `Headers` loads all of `fetch`, which takes longer than everything
 * else that a first request does.
 * {@link https://fetch.spec.whatwg.org/#concept-header-list}
 */
export class HeaderList implements RequestHeaders {
  /** The values by their names in lower case. */
  readonly #values = new Map<string, string>()

  constructor(init: Iterable<readonly [string, string]> = []) {
    for (const [name, value] of init) this.append(name, value)
  }

  get(name: string): string | null {
    return this.#values.get(name.toLowerCase()) ?? null
  }

  has(name: string): boolean {
    return this.#values.has(name.toLowerCase())
  }

  set(name: string, value: string): void {
    this.#values.set(name.toLowerCase(), normalizeValue(value))
  }

  append(name: string, value: string): void {
    const previous = this.get(name)
    const normalized = normalizeValue(value)
    this.#values.set(name.toLowerCase(), previous === null ? normalized : `${previous}, ${normalized}`)
  }

  delete(name: string): void {
    this.#values.delete(name.toLowerCase())
  }

  forEach(callback: (value: string, name: string) => void): void {
    this.#values.forEach(callback)
  }

  [Symbol.iterator](): Iterator<[name: string, value: string]> {
    return this.#values.entries()
  }
}
