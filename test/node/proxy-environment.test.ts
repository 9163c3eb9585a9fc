import { describe, expect, it } from 'vitest'
import { findProxy } from '../../src/node/proxy-environment.ts'

const find = (url: string, environment: NodeJS.ProcessEnv): string | undefined =>
  findProxy(new URL(url), environment)?.url.href

describe('The proxy that the environment names', () => {
  it.each<[string, string, NodeJS.ProcessEnv, string | undefined]>([
    ['is none by default', 'https://a.example', {}, undefined],
    ['is that of HTTP_PROXY for http:', 'http://a.example', { HTTP_PROXY: 'http://p:1' }, 'http://p:1/'],
    ['is that of HTTPS_PROXY for https:', 'https://a.example', { HTTPS_PROXY: 'http://p:1' }, 'http://p:1/'],
    [
      'is that of HTTP_PROXY for https: without HTTPS_PROXY',
      'https://a.example',
      { HTTP_PROXY: 'http://p:1' },
      'http://p:1/',
    ],
    ['is not that of HTTPS_PROXY for http:', 'http://a.example', { HTTPS_PROXY: 'http://p:1' }, undefined],
    [
      'is that of the name in lower case first',
      'http://a.example',
      { http_proxy: 'p:1', HTTP_PROXY: 'p:2' },
      'http://p:1/',
    ],
    ['is none where the variable is empty', 'http://a.example', { http_proxy: '', HTTP_PROXY: 'p:2' }, undefined],
    [
      'is an HTTP proxy where it has no scheme',
      'http://a.example',
      { HTTP_PROXY: 'localhost:3128' },
      'http://localhost:3128/',
    ],
    ['may be an address', 'http://a.example', { HTTP_PROXY: '[::1]:3128' }, 'http://[::1]:3128/'],
    ['may speak TLS', 'http://a.example', { HTTP_PROXY: 'https://p' }, 'https://p/'],
    ['may be a SOCKS proxy', 'http://a.example', { HTTP_PROXY: 'socks5://p:1080' }, 'socks5://p:1080'],
    [
      'is none with NODE_USE_ENV_PROXY=0',
      'http://a.example',
      { HTTP_PROXY: 'p:1', NODE_USE_ENV_PROXY: '0' },
      undefined,
    ],
    [
      'is the same with NODE_USE_ENV_PROXY=1',
      'http://a.example',
      { HTTP_PROXY: 'p:1', NODE_USE_ENV_PROXY: '1' },
      'http://p:1/',
    ],
  ])('%s', (_, url, environment, expected) => {
    expect(find(url, environment)?.replace(/^(socks5:.*?)\/$/, '$1')).toBe(expected)
  })

  it.each([
    ['http://me:sesame@p', 'Basic bWU6c2VzYW1l'],
    ['http://me@p', 'Basic bWU6'],
    ['http://:sesame@p', 'Basic OnNlc2FtZQ=='],
    ['http://m%40e:s%3Ae@p', `Basic ${btoa('m@e:s:e')}`],
    ['http://p', undefined],
  ])('of %s is told who asks: %s', (value, authorization) => {
    const proxy = findProxy(new URL('http://a.example'), { HTTP_PROXY: value })
    expect(proxy?.authorization).toBe(authorization)
    expect(proxy?.url.href).toBe('http://p/')
  })

  it.each(['socks4://p:1080', 'ftp://p', 'http://?x', 'http://p:99999', 'http://me:s%E0@p', 'http://a b'])(
    'cannot be %s: the error names the variable, and not the value',
    (value) => {
      let message = ''
      try {
        findProxy(new URL('http://a.example'), { HTTP_PROXY: value })
      } catch (error) {
        message = (error as Error).message
      }
      expect(message).toMatch(/^the environment variable HTTP_PROXY names no proxy that can be used/)
      expect(message).not.toContain(value)
    },
  )

  it('is not read where it does not apply', () => {
    const environment = { HTTPS_PROXY: 'socks4://p', HTTP_PROXY: 'socks4://p' }
    expect(find('http://a.example', { HTTPS_PROXY: 'socks4://p' })).toBeUndefined()
    expect(find('http://a.example', { ...environment, NO_PROXY: '*' })).toBeUndefined()
    expect(find('https://a.example', { ...environment, NO_PROXY: 'a.example' })).toBeUndefined()
    expect(find('https://a.example', { ...environment, HTTPS_PROXY: 'http://p' })).toBe('http://p/')
  })
})

describe('NO_PROXY', () => {
  it.each<[string, string, boolean]>([
    ['*', 'http://a.example', true],
    ['a.example', 'http://a.example', true],
    ['A.EXAMPLE', 'http://a.example', true],
    ['a.example', 'http://sub.a.example', true],
    ['.a.example', 'http://sub.a.example', true],
    ['*.a.example', 'http://sub.a.example', true],
    ['a.example', 'http://ba.example', false],
    ['b.example, a.example', 'http://a.example', true],
    ['b.example a.example', 'http://a.example', true],
    ['a.example:8080', 'http://a.example:8080', true],
    ['a.example:8080', 'http://a.example', false],
    ['a.example:443', 'https://a.example', true],
    ['a.example:80', 'http://a.example', true],
    ['127.0.0.1', 'http://127.0.0.1:3000', true],
    ['10.0.0.0/8', 'http://10.1.2.3', true],
    ['10.0.0.0/8', 'http://11.1.2.3', false],
    ['10.0.0.0/33', 'http://10.1.2.3', false],
    ['10.0.0.0/', 'http://10.1.2.3', false],
    ['0.0.0.0/0', 'http://10.1.2.3', true],
    ['::1', 'http://[::1]:3000', true],
    ['[::1]', 'http://[::1]:3000', true],
    ['[::1]:3000', 'http://[::1]:3000', true],
    ['[::1]:3001', 'http://[::1]:3000', false],
    ['0:0:0:0:0:0:0:1', 'http://[::1]', true],
    ['fd00::/8', 'http://[fd12::1]', true],
    ['fd00::/8', 'http://[fe80::1]', false],
    ['fd00::/8', 'http://10.0.0.1', false],
    ['', 'http://a.example', false],
    [',', 'http://a.example', false],
  ])('%j has %s: %s', (NO_PROXY, url, bypassesProxy) => {
    expect(find(url, { HTTP_PROXY: 'p', HTTPS_PROXY: 'p', NO_PROXY }) === undefined).toBe(bypassesProxy)
  })
})
