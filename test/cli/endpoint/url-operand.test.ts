import { describe, expect, test } from 'vitest'
import { UsageError } from '../../../src/cli/command-line/errors.ts'
import { parseUrlOperand } from '../../../src/cli/endpoint/url-operand.ts'

describe('A URL without a scheme gets one', () => {
  test.for([
    ['localhost:3000/feed', 'http://localhost:3000/feed'],
    ['localhost', 'http://localhost'],
    [':3000/feed', 'http://localhost:3000/feed'],
    [':3000', 'http://localhost:3000'],
    ['3000', 'http://localhost:3000'],
    ['3000/feed?a=b', 'http://localhost:3000/feed?a=b'],
    ['127.0.0.1/feed?a=b', 'http://127.0.0.1/feed?a=b'],
    ['[::1]:3000/feed', 'http://[::1]:3000/feed'],
    ['app.localhost/feed', 'http://app.localhost/feed'],
    ['example.com/feed', 'https://example.com/feed'],
    ['example.com', 'https://example.com'],
    ['example.com:8080/feed', 'http://example.com:8080/feed'],
    ['example.com:443/feed', 'https://example.com:443/feed'],
    ['server:3000/feed', 'http://server:3000/feed'],
  ])('The operand %s means %s', ([operand, url]) => {
    expect(parseUrlOperand([`${operand}`])).toBe(url)
  })
})

describe('An invalid URL is refused', () => {
  test.for([
    ['http://localhost:99999/x', 'has the port "99999", not a number from 0 to 65535'],
    ['localhost:80a/x', 'has the port "80a", not a number from 0 to 65535'],
    ['http://a b/', 'has a space in the host name "a b"'],
    ['http://a|b/', 'has the host name "a|b", which is not valid'],
    ['http://[::1/', 'has the host name "[::1", which is not valid'],
    ['http://', 'has no host name; it needs one, such as http://localhost:3000/feed'],
    ['http:/localhost/', 'needs two slashes after http:, and a host name'],
    ['http:///localhost/', 'needs two slashes after http:, and a host name'],
    ['ftp://a/', 'has the scheme "ftp:", not http: or https:'],
    ['server/feed', 'is not a URL such as http://localhost:3000/feed; did you mean http://server/feed?'],
    ['http//localhost:3000', 'is not a URL such as http://localhost:3000/feed; did you mean http://localhost:3000?'],
    ['HTTPS//a.example/b', 'is not a URL such as http://localhost:3000/feed; did you mean HTTPS://a.example/b?'],
    ['99999/feed', 'has the port "99999", not a number from 0 to 65535'],
    ['/feed', 'is not a URL such as http://localhost:3000/feed'],
  ])('The operand %s is refused by its invalid part', ([operand, problem]) => {
    expect(() => parseUrlOperand([`${operand}`])).toThrow(new UsageError(`"${operand}" ${problem}`))
  })

  test('Credentials in the URL are not repeated', () => {
    const message = '"http://localhost:xx/" has the port "xx", not a number from 0 to 65535'
    expect(() => parseUrlOperand(['http://me:secret@localhost:xx/'])).toThrow(new UsageError(message))
  })
})
