import { expect, test } from 'vitest'
import { describeHeaders, redactUrl } from '../../src/cli/redact.ts'

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
])('the value of %s is left out', (name) => {
  expect(describeHeaders(new Headers({ [name]: 'value' }))).toEqual([`${name.toLowerCase()}: [redacted]`])
})

test.for(['Accept', 'Last-Event-ID', 'Content-Type', 'X-Keyword', 'Retry-After'])(
  'the value of %s is shown',
  (name) => {
    expect(describeHeaders(new Headers({ [name]: 'value' }))).toEqual([`${name.toLowerCase()}: value`])
  },
)

test.for([
  ['http://user:password@host/a', 'http://host/a'],
  ['http://host/?a=b&key=c%20d&token=&api_key=e#f', 'http://host/?a=b&key=[redacted]&token=&api_key=[redacted]#f'],
  ['http://host/?keyword=a&monkey', 'http://host/?keyword=a&monkey'],
])('%s becomes %s', ([url, redacted]) => {
  expect(redactUrl(`${url}`)).toBe(redacted)
})
