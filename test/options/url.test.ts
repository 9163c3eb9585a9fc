import { afterEach, describe, expect, it, vi } from 'vitest'
import { readSettings } from '../../src/options/settings.ts'

import { errorOf } from './read.ts'

afterEach(() => {
  vi.unstubAllGlobals()
})

describe('The URL is resolved as in a browser', () => {
  /** Resolves the URL with the given globals. */
  function resolve(url: unknown, globals: { document?: unknown; location?: unknown } = {}): string {
    vi.stubGlobal('document', globals.document)
    vi.stubGlobal('location', globals.location)
    return readSettings(url, {}).url
  }
  const document = { baseURI: 'http://page.example/base/index.html' }
  const location = { href: 'http://worker.example/scripts/worker.js' }

  it('The URL is resolved against the base URL of the document in a page', () => {
    expect(resolve('feed?a#b', { document, location })).toBe('http://page.example/base/feed?a#b')
  })

  it('The URL is resolved against the location of the worker where there is no document', () => {
    expect(resolve('feed', { location })).toBe('http://worker.example/scripts/feed')
    expect(resolve('', { location })).toBe('http://worker.example/scripts/worker.js')
    expect(resolve('//other.example/feed', { location })).toBe('http://other.example/feed')
  })

  it('An absolute URL needs no base URL', () => {
    for (const globals of [{}, { location }, { document, location }]) {
      expect(resolve('HTTP://Feed.example:80/a b', globals)).toBe('http://feed.example/a%20b')
    }
  })

  it.each(['feed', '/feed', '', '?a', '//feed.example/'])(
    'The relative URL %o without a base URL is a SyntaxError that says why',
    (relative) => {
      const error = errorOf(() => resolve(relative))
      expect(error).toBeInstanceOf(DOMException)
      expect(error.name).toBe('SyntaxError')
      expect(error.message).toContain(relative)
      expect(error.message).toMatch(/no base URL/)
    },
  )

  it.each(['http://this is invalid/', 'http://a%20b/', 'http://a:port/', 'http://', 'http://[::1', 'http://a:99999/'])(
    'The invalid URL %s is a SyntaxError in every runtime',
    (invalid) => {
      for (const globals of [{}, { location }, { document, location }]) {
        const error = errorOf(() => resolve(invalid, globals))
        expect(error).toBeInstanceOf(DOMException)
        expect(error.name).toBe('SyntaxError')
        expect(error.message).toContain(invalid)
      }
      expect(errorOf(() => resolve(invalid, { location })).message).toBe(`not a URL: ${invalid}`)
    },
  )

  it('The host that Chromium percent-encodes, although the standard refuses it, is a SyntaxError', () => {
    // A mock of Chromium's URL: that of Node refuses such a host itself.
    class ChromiumUrl {
      readonly hostname = 'this%20is%20invalid'
      readonly href = 'http://this%20is%20invalid/'
    }
    vi.stubGlobal('URL', ChromiumUrl)
    const error = errorOf(() => resolve('http://this is invalid/', { location }))
    expect(error.name).toBe('SyntaxError')
    expect(error.message).toBe('not a URL: http://this is invalid/')
  })

  it.each([
    [null, 'null'],
    [undefined, 'undefined'],
    [1, '1'],
    [{ toString: () => 'feed' }, 'feed'],
    [new URL('http://feed.example/a'), ''],
  ])('A URL of any type is converted to a string: %s', (given, path) => {
    const expected = path ? `http://worker.example/scripts/${path}` : 'http://feed.example/a'
    expect(resolve(given, { location })).toBe(expected)
  })

  it('A URL that is a symbol is a TypeError', () => {
    expect(() => resolve(Symbol('url'), { location })).toThrow(TypeError)
  })
})
