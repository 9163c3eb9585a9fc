import { BlockList, isIP } from 'node:net'
import process from 'node:process'

/** A proxy, as the environment names it. */
export interface ProxySettings {
  /** Without credentials. */
  readonly url: URL
  /** The value of Proxy-Authorization, if there are credentials. */
  readonly authorization: string | undefined
  /** The same, for protocols that have no headers. */
  readonly username: string
  readonly password: string
}

/** A variable of the environment applies, and what it says cannot be used. */
export class ProxyVariableError extends Error {}

const kinds = /^(https?|socks5h?|socks):$/

/**
 * The proxy that the environment has for a URL, as curl and undici read it: HTTPS_PROXY for https: (without it HTTP_PROXY),
 * HTTP_PROXY for http:, and NO_PROXY for what goes without; names in lower case go first. NODE_USE_ENV_PROXY=0 is none at all.
 * @throws ProxyVariableError that names the variable, but not its value, in which there may be a password
 */
export function findProxy(target: URL, environment: NodeJS.ProcessEnv = process.env): ProxySettings | undefined {
  const names = target.protocol === 'https:' ? ['https_proxy', 'http_proxy'] : ['http_proxy']
  for (const lowerCase of names) {
    const name = environment[lowerCase] === undefined ? lowerCase.toUpperCase() : lowerCase
    const value = environment[name]
    if (!value) continue
    const { NODE_USE_ENV_PROXY, no_proxy, NO_PROXY } = environment
    if (NODE_USE_ENV_PROXY === '0' || goesWithout(target, no_proxy ?? NO_PROXY ?? '')) return undefined
    const proxy = readProxy(value.trim())
    if (proxy) return proxy
    throw new ProxyVariableError(
      `the environment variable ${name} names no proxy that can be used: it has to be like http://host:port, https://host:port, socks5://host:port or host:port`,
    )
  }
  return undefined
}

/** Reads the address of a proxy; undefined if it is none. */
export function readProxy(value: string): ProxySettings | undefined {
  // As curl has it, `host:port` is an HTTP proxy.
  const address = /^[a-z][a-z\d+.-]*:\/\//i.test(value) ? value : `http://${value}`
  try {
    const url = new URL(address)
    if (kinds.test(url.protocol) && url.hostname) {
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

/** Whether NO_PROXY has the host of a URL: a name, which stands for its subdomains, too, an address, or a network in CIDR. */
function goesWithout({ hostname, port, protocol }: URL, noProxy: string): boolean {
  const host = hostname.replace(/^\[(.*)\]$/, '$1').toLowerCase()
  const targetPort = port || (protocol === 'https:' ? '443' : '80')
  return noProxy.split(/[\s,]+/).some((entry) => {
    if (entry === '*') return true
    if (!entry) return false
    const [, name = '', entryPort] = splitPort(entry)
    return (!entryPort || entryPort === targetPort) && matches(host, name.toLowerCase())
  })
}

/** Of `::1` every part is the address; with a port, an IPv6 address has brackets. */
function splitPort(entry: string): readonly [string, string?, string?] {
  if (isIP(entry) || entry.includes('/')) return [entry, entry]
  return (/^(.+?)(?::(\d+))?$/.exec(entry) ?? [entry, entry]) as unknown as [string, string?, string?]
}

function matches(host: string, entry: string): boolean {
  const name = entry.replace(/^\[(.*)\]$/, '$1')
  const [network = '', bits] = name.split('/')
  const family = isIP(host)
  if (family && isIP(network) === family) return isWithin(host, network, bits, family)
  const domain = name.replace(/^\*?\./, '')
  return host === domain || host.endsWith(`.${domain}`)
}

function isWithin(host: string, network: string, bits: string | undefined, family: number): boolean {
  const most = family === 6 ? 128 : 32
  const prefix = bits === undefined ? most : Number(bits || Number.NaN)
  if (!Number.isInteger(prefix) || prefix < 0 || prefix > most) return false
  const list = new BlockList()
  const type = family === 6 ? 'ipv6' : 'ipv4'
  list.addSubnet(network, prefix, type)
  return list.check(host, type)
}
