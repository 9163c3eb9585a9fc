import type { ConformanceContext, RuntimeName } from './case.ts'

/*
 * Known limits: what a platform makes impossible, each confirmed by a real failure. A limit names the platform and the
 * symptom, and the report shows it with every case that it prevents.
 */

type Limit = (context: ConformanceContext) => string | undefined

/** Creates a limit of one runtime. */
function limitOf(name: RuntimeName | 'node' | 'react-native', reason: string): Limit {
  return ({ runtime }) => (runtime === name || runtime.replace(/(\d| over ).*$/, '') === name ? reason : undefined)
}

/** Combines limits: the first one that applies gives the reason. */
function anyOf(...limits: Limit[]): Limit {
  return (context) => {
    for (const limit of limits) {
      const reason = limit(context)
      if (reason !== undefined) return reason
    }
    return undefined
  }
}

/** Creates a limit of real browsers in any scope. */
function inBrowsers(reason: string): Limit {
  return ({ scope }) => (scope === 'server' ? undefined : reason)
}

/** Creates a limit of XMLHttpRequest in a browser, over which the transport of React Native runs there. */
function overXhr(reason: string): Limit {
  return ({ runtime }) => (runtime.endsWith('over XMLHttpRequest') ? reason : undefined)
}

/** The limit for cases about behavior that only browsers have. */
export const onlyInBrowsers: Limit = anyOf(
  ({ scope }) => (scope === 'server' ? 'only browsers separate origins and have cookies' : undefined),
  limitOf('happy-dom', 'happy-dom does not separate origins as a browser does'),
)

export const needsNoFetch: Limit = anyOf(
  ({ runtime }) => (/^node.* over /.test(runtime) ? "over Node's own connections, a source needs no fetch" : undefined),
  limitOf('react-native', 'over XMLHttpRequest, a source needs no fetch'),
  overXhr('over XMLHttpRequest, a source needs no fetch'),
)
export const hidesRedirects: Limit = inBrowsers('a browser hides redirects from script')
export const sendsNoStreams: Limit = anyOf(
  inBrowsers('browsers do not send streams over HTTP/1.1'),
  limitOf('react-native', 'React Native has no streams to send'),
)
export const hasNoDispatchers: Limit = inBrowsers(
  'browsers have no dispatchers, and their build does not know the option',
)
export const forbidsCookieHeader: Limit = inBrowsers('browsers do not allow script to set Cookie')

export const sniffsByteOrderMarks: Limit = overXhr('XMLHttpRequest takes the byte order mark of UTF-16 for one')
export const sniffsContentTypes: Limit = ({ runtime }) =>
  runtime === 'chromium over XMLHttpRequest'
    ? "Chromium's XMLHttpRequest withholds a body without a Content-Type until it has enough of it to guess the type"
    : undefined
export const announcesAtFirstByte: Limit = anyOf(
  ({ runtime }) =>
    runtime === 'chromium over XMLHttpRequest'
      ? "Chromium's XMLHttpRequest announces a response at the first byte of the body"
      : undefined,
  limitOf('firefox', 'Firefox announces a response at the first byte of the body, also to its own EventSource'),
)
export const dispatchesToNewListeners: Limit = limitOf(
  'node',
  "Node's EventTarget calls a listener that is added during dispatch for the same event",
)
export const encodesHeaderValues: Limit = anyOf(
  limitOf('react-native', 'Android encodes the values of headers as UTF-8'),
  limitOf('workerd', 'workerd sends the values of headers as UTF-8'),
  limitOf('webkit', 'WebKit sends the values of headers as UTF-8'),
)
export const encodesHeaderBytes: Limit = limitOf(
  'webkit',
  'WebKit encodes header bytes beyond ASCII as UTF-8 again; lastEventIdQueryParam avoids this',
)
export const treatsBrokenAsEnded: Limit = limitOf(
  'webkit',
  'WebKit treats a connection that closes in the middle of a response as the end of the response',
)

export const throwsListenerExceptions: Limit = limitOf(
  'happy-dom',
  'dispatchEvent() of happy-dom throws the exception of a listener, and calls no further listener',
)
export const dispatchesByMethod: Limit = limitOf(
  'happy-dom',
  'dispatchEvent() of happy-dom calls the dispatchEvent of the target, even if a subclass overrides it',
)
export const cachesResponses: Limit = anyOf(
  limitOf('happy-dom', "fetch() of happy-dom does not know the cache mode 'no-store'"),
  overXhr('XMLHttpRequest has no cache modes'),
)
export const hasNoCacheModes: Limit = overXhr('XMLHttpRequest has no cache modes')
export const sendsNoCacheControl: Limit = anyOf(
  limitOf('happy-dom', "fetch() of happy-dom does not know the cache mode 'no-store'"),
  limitOf('workerd', 'workerd has no cache mode, and no cache of its own'),
)
export const preflightsEverything: Limit = limitOf(
  'happy-dom',
  'happy-dom sends a preflight for every cross-origin request',
)
export const failsOn304: Limit = limitOf(
  'happy-dom',
  'happy-dom answers every 304 from its cache, and fails if there is no entry',
)
export const keepsAuthorization: Limit = limitOf('happy-dom', 'happy-dom sends all headers to the target of a redirect')
export const decodesLocationAsLatin1: Limit = anyOf(
  limitOf('webkit', 'WebKit decodes the bytes of a Location beyond ASCII as Latin-1'),
  limitOf('happy-dom', 'happy-dom decodes the bytes of a Location beyond ASCII as Latin-1'),
)

export const namesGettersGet: Limit = limitOf('react-native', 'Babel calls the getters of a compiled class "get"')
export const passesSecretsOn: Limit = anyOf(
  hidesRedirects,
  limitOf('react-native', 'the network layers of Android and iOS follow redirects, and send the headers on'),
)
export const hasNoStreams: Limit = limitOf('react-native', 'React Native has no ReadableStream')
export const fetchDoesNotStream: Limit = limitOf('react-native', "React Native's fetch does not stream")
export const fetchKeepsAuthorization: Limit = anyOf(keepsAuthorization, fetchDoesNotStream)
export const fetchHidesRedirects: Limit = anyOf(
  hidesRedirects,
  limitOf('react-native', "React Native's fetch follows redirects before script sees them"),
)
export const decodesByItself: Limit = anyOf(
  ({ runtime }) => (runtime.endsWith('android') ? 'Android drops a chunk with a malformed byte' : undefined),
  ({ runtime }) => (runtime.endsWith('ios') ? 'iOS delivers nothing from a malformed byte on' : undefined),
)
export const heedsCharset: Limit = anyOf(
  limitOf('react-native', 'the network layers of Android and iOS decode text as the charset of its Content-Type says'),
  overXhr('XMLHttpRequest decodes text as the charset of its Content-Type says'),
)
export const hidesRedirectLoops: Limit = anyOf(
  hidesRedirects,
  limitOf('react-native', 'the network layers of Android and iOS report too many redirects as a lost connection'),
)
export const followsRedirects: Limit = anyOf(
  limitOf('react-native', 'the network layers of Android and iOS follow redirects before script sees them'),
  overXhr('XMLHttpRequest follows redirects before script sees them'),
)
