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
])('The value of the header %s is redacted', (name) => {
  expect(formatHeaders(new Headers({ [name]: 'value' }))).toEqual([`${name.toLowerCase()}: [redacted]`])
})

test.for(['Accept', 'Last-Event-ID', 'Content-Type', 'X-Keyword', 'Retry-After'])(
  'The value of the header %s is shown',
  (name) => {
    expect(formatHeaders(new Headers({ [name]: 'value' }))).toEqual([`${name.toLowerCase()}: value`])
  },
)

test.for([
  ['http://user:password@host/a', 'http://host/a'],
  ['http://host/?a=b&key=c%20d&token=&api_key=e#f', 'http://host/?a=b&key=[redacted]&token=&api_key=[redacted]#f'],
  ['http://host/?keyword=a&monkey', 'http://host/?keyword=a&monkey'],
])('The URL %s is shown as %s', ([url, redacted]) => {
  expect(redactUrl(`${url}`)).toBe(redacted)
})
