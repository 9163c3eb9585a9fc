// The class of undici that is used. This module is imported when a request needs it, instead of undici itself, which an
// import() in Node 22 has been seen to resolve to an empty namespace.
export { Socks5ProxyAgent } from 'undici'
