import { isObject } from './validation.ts'

/**
 * Parses the URL of a constructor, relative to the API base URL: the document's base URL, in workers the worker's
 * location, elsewhere none.
 * @returns the serialized URL
 * @throws DOMException "SyntaxError" if the URL cannot be parsed
 */
export function resolveUrl(url: string): string {
  let base: unknown = globalThis.document?.baseURI ?? globalThis.location?.href
  // A form or an image named "baseURI" takes the place of that member of the document, but not of other nodes.
  if (isObject(base)) base = new Text().baseURI
  // Constructor, step 3: "Let urlRecord be the result of encoding-parsing a URL given url, relative to settings."
  try {
    const parsed = new URL(url, base as string | undefined)
    // Chromium percent-encodes spaces and other characters of a host that the URL standard refuses.
    if (!parsed.hostname.includes('%')) return parsed.href
  } catch {}
  // Constructor, step 4: "If urlRecord is failure, then throw a "SyntaxError" DOMException."
  throw new DOMException(`not a URL${base ? '' : ' (no base URL here)'}: ${url}`, 'SyntaxError')
}
