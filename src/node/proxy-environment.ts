import { BlockList, isIP } from 'node:net'
import { endpointOf } from './connector.ts'

/** A proxy that an environment variable names. */
export interface ProxySettings {
  /** The URL, without credentials. */
  readonly url: URL
  /** The value of the Proxy-Authorization header; undefined without credentials. */
  readonly authorization: string | undefined
  /** The user name, for SOCKS; the empty string without credentials. */
  readonly username: string
  /** The password, for SOCKS; the empty string without credentials. */
  readonly password: string
}

/** The error of an environment variable that applies to a request and cannot be used. */
export class ProxyVariableError extends Error {}

const proxySchemes = /^(https?|socks5h?|socks):$/

/**
 * The proxy for a URL according to the environment, as in curl and undici: HTTPS_PROXY for https: (HTTP_PROXY if that is
 * not set), HTTP_PROXY for http:, and no proxy for hosts in NO_PROXY. Names in lower case take precedence.
 * NODE_USE_ENV_PROXY=0 turns all proxies off.
 * @throws ProxyVariableError that names the variable, but not its value, which may contain a password
 */
export function findProxy(target: URL, environment: NodeJS.ProcessEnv = process.env): ProxySettings | undefined {
  const names = target.protocol === 'https:' ? ['https_proxy', 'http_proxy'] : ['http_proxy']
  for (const lowerCase of names) {
    const name = environment[lowerCase] === undefined ? lowerCase.toUpperCase() : lowerCase
    const value = environment[name]
    if (!value) continue
    const { NODE_USE_ENV_PROXY, no_proxy, NO_PROXY } = environment
    if (NODE_USE_ENV_PROXY === '0' || bypassesProxy(target, no_proxy ?? NO_PROXY ?? '')) return undefined
    const proxy = readProxy(value.trim())
    if (proxy) return proxy
    throw new ProxyVariableError(
      `the environment variable ${name} does not name a usable proxy: it must be like http://host:port, https://host:port, socks5://host:port or host:port`,
    )
  }
  return undefined
}

/** Parses the address of a proxy; undefined if it is invalid. */
export function readProxy(value: string): ProxySettings | undefined {
  // As in curl, `host:port` is an HTTP proxy.
  const address = /^[a-z][a-z\d+.-]*:\/\//i.test(value) ? value : `http://${value}`
  try {
    const url = new URL(address)
    if (proxySchemes.test(url.protocol) && url.hostname) {
      const username = decodeURIComponent(url.username)
      const password = decodeURIComponent(url.password)
      url.username = url.password = url.search = url.hash = ''
      url.pathname = '/'
      const token = Buffer.from(`${username}:${password}`).toString('base64')
      return { url, authorization: username || password ? `Basic ${token}` : undefined, username, password }
    }
  } catch {}
  return undefined
}

/** Whether NO_PROXY lists the host of a URL: as a name, which includes its subdomains, an address, or a network in CIDR. */
function bypassesProxy({ origin }: URL, noProxy: string): boolean {
  const { host, port } = endpointOf(origin)
  return noProxy.split(/[\s,]+/).some((entry) => {
    if (entry === '*') return true
    if (!entry) return false
    const [, name = '', entryPort] = splitPort(entry)
    return (!entryPort || entryPort === `${port}`) && matchesEntry(host, name.toLowerCase())
  })
}

/** Splits an entry of NO_PROXY into host and port. An IPv6 address has brackets if a port follows. */
function splitPort(entry: string): readonly [string, string?, string?] {
  if (isIP(entry) || entry.includes('/')) return [entry, entry]
  return (/^(.+?)(?::(\d+))?$/.exec(entry) ?? [entry, entry]) as unknown as [string, string?, string?]
}

function matchesEntry(host: string, entry: string): boolean {
  const name = entry.replace(/^\[(.*)\]$/, '$1')
  const [network = '', bits] = name.split('/')
  const family = isIP(host)
  if (family && isIP(network) === family) return isInNetwork(host, network, bits, family)
  const domain = name.replace(/^\*?\./, '')
  return host === domain || host.endsWith(`.${domain}`)
}

function isInNetwork(host: string, network: string, bits: string | undefined, family: number): boolean {
  const maxPrefix = family === 6 ? 128 : 32
  const prefix = bits === undefined ? maxPrefix : Number(bits || Number.NaN)
  if (!Number.isInteger(prefix) || prefix < 0 || prefix > maxPrefix) return false
  const list = new BlockList()
  const type = family === 6 ? 'ipv6' : 'ipv4'
  list.addSubnet(network, prefix, type)
  return list.check(host, type)
}
