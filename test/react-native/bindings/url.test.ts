import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { URL as OwnURL } from '../../../src/react-native/url.ts'
import { URLSearchParams as OwnURLSearchParams } from '../../../src/react-native/url-search-params.ts'

type Parts = Pick<URL, 'href' | 'origin' | 'protocol' | 'host' | 'hostname' | 'username' | 'password' | 'search'>

/** How a URL class parses a URL; undefined if it refuses the URL. */
function parts(Url: typeof URL | typeof OwnURL, url: string, base?: string): Parts | undefined {
  try {
    const { href, origin, protocol, host, hostname, username, password, search } = new Url(url, base)
    return { href, origin, protocol, host, hostname, username, password, search }
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError)
    return undefined
  }
}

/** Deviation: an IPv4 address is taken in its usual notation only. */
function isUnusualAddress(standard: Parts | undefined): boolean {
  return /^\d+\.\d+\.\d+\.\d+$/.test(standard?.hostname ?? '')
}

/** Node 20 keeps dot segments after a segment that only begins with a dot, such as in `/.a/.`. */
const startsWithDot = /[/\\](?:\.|%2e)(?!(?:\.|%2e)?(?:[/\\?#]|$))/i

const scheme = fc.constantFrom('http', 'https', 'HTTP', 'ws', 'ftp')
const credentials = fc.constantFrom('', 'user@', 'us%20er:pa:ss@', 'é:@', ':only@', 'a/b:c@', 'a@b@')
const host = fc.constantFrom(
  'example.org',
  'EXAMPLE.org.',
  'localhost',
  '127.0.0.1',
  '[::1]',
  'a_b-c.example',
  '1.2.3',
  'a%41b.example',
  '256.1.1.1',
  'a b',
  'a<b',
  '',
)
const port = fc.constantFrom('', ':80', ':443', ':8080', ':', ':99999', ':0080')
const text = fc.string({ unit: 'binary', maxLength: 8 })
const segment = fc.oneof(
  fc.constantFrom('.', '..', '%2e', '%2E.', '', 'feed', 'a b', 'é名🦄', '"<>`{}|', "'()*", '\uD800'),
  fc.string(),
)
// Whether a path's `^` is encoded has changed in the standard.
const path = fc
  .array(segment, { maxLength: 4 })
  .map((segments) => segments.map((each) => `/${each.replaceAll('^', '')}`).join(''))
const end = fc.constantFrom('', '?', '?q=1', '?a=é&b=a+b%20c\'"<>', '#', '#part `é', '?q#f?g#h')

describe('The URL class replaces that of React Native where it cannot be used', () => {
  test('The class parses HTTP URLs as the URL standard does', () => {
    fc.assert(
      fc.property(scheme, credentials, host, port, path, end, (...pieces) => {
        const [name, ...rest] = pieces
        const url = `${name}://${rest.join('')}`
        const [own, standard] = [parts(OwnURL, url), parts(URL, url)]
        // Deviation: a host that is not ASCII stays as it is.
        fc.pre(!/^\w+:[/\\\s]*[^/\\?#]*[^ -~]/.test(url))
        fc.pre(!startsWithDot.test(url))
        if (own === undefined && isUnusualAddress(standard)) return
        expect(own, url).toEqual(standard)
      }),
      { numRuns: 3_000 },
    )
  })

  test('The class resolves relative URLs as the URL standard does', () => {
    const base = 'https://example.org:8443/a/b/c?d=e#f'
    const relative = fc.oneof(
      path,
      path.map((text) => text.slice(1)),
      fc.constantFrom('//other.example/x', '/\\other', ''),
    )
    fc.assert(
      fc.property(relative, end, (...pieces) => {
        const url = pieces.join('')
        // Deviation: a host that is not ASCII stays as it is.
        fc.pre(!/^\s*[/\\][/\\\t\n\r][^?#]*[^ -~]/.test(url))
        fc.pre(!startsWithDot.test(`/${url}`))
        // What begins with a scheme is not relative.
        fc.pre(!/^\s*[a-z][a-z\d+.-]*:/i.test(url))
        const [own, standard] = [parts(OwnURL, url, base), parts(URL, url, base)]
        if (own === undefined && isUnusualAddress(standard)) return
        expect(own, url).toEqual(standard)
      }),
      { numRuns: 2_000 },
    )
  })

  test.each([
    '',
    'relative',
    '/path',
    '?q',
    '//host/path',
    'http:',
    'http://',
    'http://[::1',
    'http://a%00b/',
    '1http://a/',
  ])('The class refuses %j without a base', (url) => {
    expect(parts(OwnURL, url)).toBeUndefined()
  })

  test.each([
    'about:blank',
    'mailto:someone@example.org',
    'javascript:void(0)',
    'unheard-of:feed',
    'data:text/plain,a b#c',
  ])('The class keeps the opaque path of %s', (url) => {
    expect(new OwnURL(url).href).toBe(new URL(url).href)
    expect(new OwnURL(url).origin).toBe('null')
  })

  test('Credentials and the query can be replaced', () => {
    const seen = [OwnURL, URL].map((Url) => {
      const url = new Url('https://user:secret@example.org/feed?a=b%20c&id=1&id=2#part')
      url.username = ''
      url.password = ''
      const before = [url.href, url.searchParams.has('id'), url.searchParams.has('c')]
      url.searchParams.delete('id')
      url.search += '&after=é'
      const after = url.href
      url.search = ''
      return [...before, after, url.href]
    })
    expect(seen[0]).toEqual(seen[1])
  })

  test('Names and values become a query as in the URL standard', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text)), (pairs) => {
        expect(`${new OwnURLSearchParams(pairs)}`).toBe(`${new URLSearchParams(pairs)}`)
      }),
    )
  })
})
