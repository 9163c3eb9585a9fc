import type { FetchLike } from '../options/event-source-init.ts'
import type { FetchInit } from './fetch.ts'
import { decodeByteString } from './redirect.ts'

/** The source text of a `fetch` that the runtime has built in: that of Bun and workerd, of Node, of Deno. */
const builtInSources = [
  /^function fetch\(\) \{\s+\[native code\]\s+\}$/,
  /^(async )?function fetch\([^)]*\) \{[^}]*internal\/deps\//s,
  /^function fetch\(\.\.\.\w+\)\{return lazyFetch\(\)\.fetch\(/,
]

/**
 * Whether a function is the `fetch` that the runtime has built in. A mock, a tracer or a wrapper that adds a token is
 * not; in doubt, the answer is no.
 */
export function isBuiltInFetch(fetch: FetchLike): boolean {
  const source = Function.prototype.toString.call(fetch)
  return builtInSources.some((pattern) => pattern.test(source))
}

/** The first part of `navigator.userAgent`, which names the runtime outside browsers. */
function runtimeName(): string | undefined {
  return globalThis.navigator?.userAgent?.split('/')[0]
}

function isWorkerd(): boolean {
  return runtimeName() === 'Cloudflare-Workers'
}

/**
 * Whether an error says that the program may not use the network (Deno without `--allow-net`), which a retry would not
 * change.
 */
export function isPermissionError(error: unknown): boolean {
  const { NotCapable } = (globalThis as { Deno?: { errors?: { NotCapable?: ErrorConstructor } } }).Deno?.errors ?? {}
  return NotCapable !== undefined && error instanceof NotCapable
}

/**
 * Whether the runtime encodes header values, which may contain any character there. Elsewhere, they are byte strings.
 */
export const encodesHeaders = isWorkerd

/** Leaves out the members that the runtime does not know: with an older compatibility date, workerd throws for them. */
function withoutUnknownMembers(init: RequestInit): RequestInit {
  const known = { ...init }
  for (const member of ['cache', 'credentials'] as const) {
    if (typeof Request === 'function' && !(member in Request.prototype)) delete known[member]
  }
  return known
}

/** Adapts the second argument of `fetch` to the runtime. */
export function adaptInit(init: FetchInit): FetchInit {
  const headers = { ...init.headers }
  const lastEventId = headers['Last-Event-ID']
  if (lastEventId !== undefined && encodesHeaders()) headers['Last-Event-ID'] = decodeByteString(lastEventId)
  // Deno and Bun ignore the cache mode "no-store", by which other runtimes add this header.
  if (/^(Deno|Bun)$/.test(runtimeName() ?? '')) headers['Cache-Control'] ??= 'no-cache'
  const adapted: FetchInit = { ...withoutUnknownMembers(init), headers }
  // workerd has no mode 'error', and throws for it. A redirect that is not followed is refused anyway.
  if (isWorkerd() && adapted.redirect === 'error') adapted.redirect = 'manual'
  return adapted
}
