// Opens a client in a page. A test calls `start`, and looks at `seen` and `state()`.

// Before the clients: one keeps the functions for timers.
import './timers.js'
import { clients } from './adapters.js'
import { delays, pending, timers } from './timers.js'

const seen = { messages: [], statuses: [], delays }

const fetchWith = (members) => (url, init) => {
  const { headers, ...others } = members
  const more = typeof headers === 'function' ? headers() : headers
  return Promise.resolve(more).then((more) => fetch(url, { ...init, ...others, headers: { ...init.headers, ...more } }))
}

/** Functions cannot be passed from a test to a page. */
const makers = {
  asyncHeaders: () => {
    let count = 0
    return { headers: async () => ({ 'X-Token': `token ${++count}` }) }
  },
  onopen: () => ({
    onopen: async ({ status }) => {
      if (status !== 200) {
        seen.statuses.push(status)
        throw new Error('refused')
      }
    },
  }),
}

globalThis.seen = seen
globalThis.start = (name, url, { options = {}, made, byFetch = false, areTimersShort = true }) => {
  timers.areShort = areTimersShort
  const members = { ...options, ...makers[made]?.() }
  const on = (type, details) => {
    if (type === 'message') seen.messages.push(details)
    else
      for (const key of ['status', 'code', 'xhrStatus'])
        if (typeof details?.[key] === 'number') seen.statuses.push(details[key])
    if (type === 'error' && typeof details?.delay === 'number') seen.delays.push(details.delay)
  }
  const { open, isClosed } = clients[name]
  const source = open(url, byFetch ? { fetch: fetchWith(members) } : members, on)
  globalThis.state = () => ({
    isClosed: isClosed(source, pending.size),
    isIterable: Symbol.asyncIterator in source,
    members: [
      'url',
      'readyState',
      'withCredentials',
      'onopen',
      'onmessage',
      'onerror',
      'close',
      'addEventListener',
    ].filter((member) => !(member in source)),
  })
}
