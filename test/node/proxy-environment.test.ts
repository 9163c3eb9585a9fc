import { describe, expect, it } from 'vitest'
import { findProxy } from '../../src/node/proxy-environment.ts'

const find = (url: string, environment: NodeJS.ProcessEnv): string | undefined =>
  findProxy(new URL(url), environment)?.url.href

describe('Environment variables select the proxy for a URL', () => {
  it.each<[string, string, NodeJS.ProcessEnv, string | undefined]>([
    ['There is no proxy by default', 'https://a.example', {}, undefined],
    ['HTTP_PROXY applies to http:', 'http://a.example', { HTTP_PROXY: 'http://p:1' }, 'http://p:1/'],
    ['HTTPS_PROXY applies to https:', 'https://a.example', { HTTPS_PROXY: 'http://p:1' }, 'http://p:1/'],
    [
      'HTTP_PROXY applies to https: if HTTPS_PROXY is not set',
      'https://a.example',
      { HTTP_PROXY: 'http://p:1' },
      'http://p:1/',
    ],
    ['HTTPS_PROXY does not apply to http:', 'http://a.example', { HTTPS_PROXY: 'http://p:1' }, undefined],
    [
      'A name in lower case takes precedence',
      'http://a.example',
      { http_proxy: 'p:1', HTTP_PROXY: 'p:2' },
      'http://p:1/',
    ],
    ['An empty variable turns the proxy off', 'http://a.example', { http_proxy: '', HTTP_PROXY: 'p:2' }, undefined],
    [
      'A proxy without a scheme is an HTTP proxy',
      'http://a.example',
      { HTTP_PROXY: 'localhost:3128' },
      'http://localhost:3128/',
    ],
    ['A proxy can be an IPv6 address', 'http://a.example', { HTTP_PROXY: '[::1]:3128' }, 'http://[::1]:3128/'],
    ['A proxy can use TLS', 'http://a.example', { HTTP_PROXY: 'https://p' }, 'https://p/'],
    ['A proxy can be a SOCKS proxy', 'http://a.example', { HTTP_PROXY: 'socks5://p:1080' }, 'socks5://p:1080'],
    [
      'NODE_USE_ENV_PROXY=0 turns the proxy off',
      'http://a.example',
      { HTTP_PROXY: 'p:1', NODE_USE_ENV_PROXY: '0' },
      undefined,
    ],
    [
      'NODE_USE_ENV_PROXY=1 changes nothing',
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
  ])('The credentials in %s become the Proxy-Authorization header %s', (value, authorization) => {
    const proxy = findProxy(new URL('http://a.example'), { HTTP_PROXY: value })
    expect(proxy?.authorization).toBe(authorization)
    expect(proxy?.url.href).toBe('http://p/')
  })

  it.each(['socks4://p:1080', 'ftp://p', 'http://?x', 'http://p:99999', 'http://me:s%E0@p', 'http://a b'])(
    'The value %s is an error that contains the name of the variable but not its value',
    (value) => {
      let message = ''
      try {
        findProxy(new URL('http://a.example'), { HTTP_PROXY: value })
      } catch (error) {
        message = (error as Error).message
      }
      expect(message).toMatch(/^the environment variable HTTP_PROXY does not name a usable proxy/)
      expect(message).not.toContain(value)
    },
  )

  it('A variable that does not apply to the URL is not parsed', () => {
    const environment = { HTTPS_PROXY: 'socks4://p', HTTP_PROXY: 'socks4://p' }
    expect(find('http://a.example', { HTTPS_PROXY: 'socks4://p' })).toBeUndefined()
    expect(find('http://a.example', { ...environment, NO_PROXY: '*' })).toBeUndefined()
    expect(find('https://a.example', { ...environment, NO_PROXY: 'a.example' })).toBeUndefined()
    expect(find('https://a.example', { ...environment, HTTPS_PROXY: 'http://p' })).toBe('http://p/')
  })
})

describe('NO_PROXY lists the hosts that are connected to without a proxy', () => {
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
  ])('The list %j includes %s: %s', (NO_PROXY, url, bypassesProxy) => {
    expect(find(url, { HTTP_PROXY: 'p', HTTPS_PROXY: 'p', NO_PROXY }) === undefined).toBe(bypassesProxy)
  })
})
