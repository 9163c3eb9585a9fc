// What is used of undici. This module is imported when the first request needs it.
// Not by an import() of undici itself, for which Node 22 has been seen to resolve to an empty namespace.
export { Client, Socks5ProxyAgent } from 'undici'
