import { expect, test } from 'vitest'
import { formatHeaders, redactUrl } from '../../../src/cli/endpoint/redact.ts'

test.for([
  'Authorization',
  'Proxy-Authorization',
  'Cookie',
  'Set-Cookie',
  'X-Api-Key',
  'ApiKey',
  'X-Auth-Token',
  'X-CSRF-Token',
  'X-Amz-Signature',
  'Client-Secret',
  'X-Password',
  'X-Jwt-Assertion',
])('The value of the header %s is redacted', (name) => {
  expect(formatHeaders(new Headers({ [name]: 'value' }))).toEqual([`${name.toLowerCase()}: [redacted]`])
})

test.for(['Accept', 'Last-Event-ID', 'Content-Type', 'X-Keyword', 'Retry-After', 'X-Design', 'Status-Code'])(
  'The value of the header %s is shown',
  (name) => {
    expect(formatHeaders(new Headers({ [name]: 'value' }))).toEqual([`${name.toLowerCase()}: value`])
  },
)

test.for([
  ['http://user:password@host/a', 'http://host/a'],
  ['http://host/?a=b&key=c%20d&token=&api_key=e#f', 'http://host/?a=b&key=[redacted]&token=&api_key=[redacted]#f'],
  ['http://host/?keyword=a&monkey', 'http://host/?keyword=a&monkey'],
  [
    'http://host/?sv=1&sig=a%2Bb&pwd=c&jwt=d&code=e&PHPSESSID=f',
    'http://host/?sv=1&sig=[redacted]&pwd=[redacted]&jwt=[redacted]&code=[redacted]&PHPSESSID=[redacted]',
  ],
  ['http://host/?design=a&postcode=b', 'http://host/?design=a&postcode=b'],
])('The URL %s is shown as %s', ([url, redacted]) => {
  expect(redactUrl(`${url}`)).toBe(redacted)
})

test.for([
  ['https://user:password@host/feed?sig=a&topic=b#c', 'https://host/feed?sig=[redacted]&topic=b#c'],
  ['/feed?code=a', '/feed?code=[redacted]'],
  ['//user@host/', '//host/'],
])('The header Location: %s is shown with %s', ([url, redacted]) => {
  expect(formatHeaders([['location', `${url}`]])).toEqual([`location: ${redacted}`])
})
