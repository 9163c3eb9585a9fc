import { percentDecode, percentEncode } from './percent-encoding.ts'
import { URLSearchParams } from './url-search-params.ts'

/** The default ports of the schemes that the standard calls special, except `file`. */
const defaultPorts: Readonly<Record<string, string | undefined>> = {
  http: '80',
  https: '443',
  ws: '80',
  wss: '443',
  ftp: '21',
}

// The complements of the standard's percent-encode sets. A percent sign is never encoded: it may begin an encoded byte.
const userInfo = /[^!$%&'()*+,\-.\w~]/gu
const path = /[^!$%&'()*+,\-./\w:;=@[\\\]|~]/gu
const query = /[^!$%&()*+,\-./\w:;=?@[\\\]^`{|}~]/gu
const fragment = /[^!#$%&'()*+,\-./\w:;=?@[\\\]^{|}~]/gu
const opaquePath = /[^ -~]/gu

/** "A forbidden domain code point". */
const forbiddenInHost = /[\0-\x20#%/:<>?@[\\\]^|\x7f]/

/** The parts of a URL, serialized. */
interface UrlParts {
  scheme: string
  /** The host and what precedes it; undefined if the scheme is not special, since `path` contains everything then. */
  authority: { username: string; password: string; host: string; port: string } | undefined
  path: string
  /** The query with its question mark; the empty string if there is none. */
  search: string
  /** The fragment with its number sign; the empty string if there is none. */
  hash: string
}

function fail(text: string): never {
  throw new TypeError(`Invalid URL: ${text}`)
}

/** "Host parser". IPv4 addresses are taken in their usual notation only. */
function parseHost(text: string): string {
  if (text.startsWith('[')) return /^\[[\da-f:.]*:[\da-f:.]*\]$/i.test(text) ? text.toLowerCase() : fail(text)
  const host = percentDecode(text).toLowerCase()
  if (!host || forbiddenInHost.test(host)) fail(text)
  const labels = host.replace(/\.$/, '').split('.')
  const endsInNumber = /^(\d+|0x[\da-f]*)$/.test(labels.slice(-1).join())
  if (!endsInNumber) return host
  const isAddress = labels.length === 4 && labels.every((label) => /^(0|[1-9]\d{0,2})$/.test(label) && +label < 256)
  return isAddress ? labels.join('.') : fail(text)
}

function parseAuthority(text: string, scheme: string): UrlParts['authority'] {
  const at = text.lastIndexOf('@')
  const [username = '', ...password] = text.slice(0, Math.max(at, 0)).split(':')
  const { 1: host = '', 2: port = '' } = /^(.*?)(?::(\d*))?$/.exec(text.slice(at + 1)) ?? []
  if (+port > 0xffff) fail(text)
  return {
    username: percentEncode(username, userInfo),
    password: percentEncode(password.join(':'), userInfo),
    host: parseHost(host),
    port: port && +port !== Number(defaultPorts[scheme]) ? `${+port}` : '',
  }
}

/** Removes the segments `.` and `..`. */
function normalizePath(text: string): string {
  const segments: string[] = []
  const given = text.replaceAll('\\', '/').replace(/^\//, '').split('/')
  for (const [index, segment] of given.entries()) {
    const dots = segment.replace(/%2e/gi, '.')
    if (dots === '..') segments.pop()
    if (dots !== '..' && dots !== '.') segments.push(percentEncode(segment, path))
    else if (index === given.length - 1) segments.push('')
  }
  return `/${segments.join('/')}`
}

/** Splits a URL without its scheme into the path, with whatever precedes it, the query and the fragment. */
function split(text: string): [path: string, search: string, hash: string] {
  const { 1: path = '', 2: search = '', 3: hash = '' } = /^([^?#]*)(\?[^#]*)?(#.*)?$/s.exec(text) ?? []
  return [path, search, hash]
}

/** The query or fragment; the empty string if it is only a question mark or a number sign. */
function serialize(part: string, encoded: RegExp): string {
  return part.length > 1 ? percentEncode(part, encoded) : part
}

function parseAbsolute(scheme: string, rest: string): UrlParts {
  const [before, search, hash] = split(rest)
  const end = { search: serialize(search, query), hash: serialize(hash, fragment) }
  if (!(scheme in defaultPorts))
    return { scheme, authority: undefined, path: percentEncode(before, opaquePath), ...end }
  const { 1: authority = '', 2: path = '' } = /^[/\\]*([^/\\]*)(.*)$/.exec(before) ?? []
  return { scheme, authority: parseAuthority(authority, scheme), path: normalizePath(path), ...end }
}

/** "Basic URL parser". */
function parse(input: string, base: string | undefined): UrlParts {
  // "Remove any leading and trailing C0 control or space from input", then "remove all ASCII tab or newline".
  const text = input.replace(/^[\0-\x20]+|[\0-\x20]+$/g, '').replace(/[\t\n\r]/g, '')
  const { 1: scheme, 2: rest = '' } = /^([a-z][a-z\d+.-]*):(.*)$/is.exec(text) ?? []
  if (scheme !== undefined) return parseAbsolute(scheme.toLowerCase(), rest)
  if (base === undefined) return fail(input)
  const from = parse(base, undefined)
  if (!from.authority) return fail(input)
  if (/^[/\\]{2}/.test(text)) return parseAbsolute(from.scheme, text)
  const [before, search, hash] = split(text)
  return {
    ...from,
    path: before
      ? normalizePath(/^[/\\]/.test(before) ? before : from.path.replace(/[^/]*$/, () => before))
      : from.path,
    search: before || search ? serialize(search, query) : from.search,
    hash: serialize(hash, fragment),
  }
}

/**
 * The part of URL that is used here, for apps without a complete one: React Native's own accepts invalid URLs, appends
 * slashes, and has getters that throw up to 0.79. Deviation: a host that is not ASCII is not encoded, since that
 * requires the tables of IDNA.
 * {@link https://url.spec.whatwg.org/#url-class}
 */
export class URL {
  readonly #parts: UrlParts

  /** @throws TypeError if the URL cannot be parsed */
  constructor(url: string | URL, base?: string | URL) {
    this.#parts = parse(`${url}`, base === undefined ? undefined : `${base}`)
  }

  get href(): string {
    const { scheme, authority, path, search, hash } = this.#parts
    if (!authority) return `${scheme}:${path}${search}${hash}`
    const { username, password } = authority
    const credentials = username || password ? `${username}${password && ':'}${password}@` : ''
    return `${scheme}://${credentials}${this.host}${path}${search}${hash}`
  }

  get origin(): string {
    const { scheme, authority } = this.#parts
    return authority ? `${scheme}://${this.host}` : 'null'
  }

  get protocol(): string {
    return `${this.#parts.scheme}:`
  }

  get host(): string {
    const { host = '', port = '' } = this.#parts.authority ?? {}
    return `${host}${port && ':'}${port}`
  }

  get hostname(): string {
    return this.#parts.authority?.host ?? ''
  }

  get username(): string {
    return this.#parts.authority?.username ?? ''
  }
  set username(value: string) {
    if (this.#parts.authority) this.#parts.authority.username = percentEncode(value, userInfo)
  }

  get password(): string {
    return this.#parts.authority?.password ?? ''
  }
  set password(value: string) {
    if (this.#parts.authority) this.#parts.authority.password = percentEncode(value, userInfo)
  }

  get search(): string {
    const { search } = this.#parts
    return search === '?' ? '' : search
  }
  set search(value: string) {
    this.#parts.search = value && percentEncode(value.startsWith('?') ? value : `?${value}`, query)
  }

  get searchParams(): URLSearchParams {
    const parameters = new URLSearchParams(this.search.slice(1), () => {
      this.search = `${parameters}`
    })
    return parameters
  }

  toString(): string {
    return this.href
  }
}
