// The clients that README compares, each opened the same way. `on` is called with what a client tells its user.
import { fetchEventSource } from '@microsoft/fetch-event-source'
import { EventSourcePolyfill } from 'event-source-polyfill'
import { EventSource as EventSourcePackage } from 'eventsource'
import { createEventSource } from 'eventsource-client'
import { EventSource } from 'everysource'
import ReactNativeEventSource from 'react-native-sse/src/EventSource.js'

function listen(source, on) {
  source.addEventListener('message', ({ data }) => on('message', data))
  source.addEventListener('error', (error) => on('error', error))
  return source
}

/** Whether a source of the standard's shape is closed. */
const isClosed = ({ readyState }) => readyState === 2

export const clients = {
  everysource: {
    open: (url, options, on) => listen(new EventSource(url, options), on),
    isClosed,
  },
  native: {
    open: (url, options, on) => listen(new globalThis.EventSource(url, options), on),
    isClosed,
  },
  eventsource: {
    open: (url, options, on) => listen(new EventSourcePackage(url, options), on),
    isClosed,
  },
  '@microsoft/fetch-event-source': {
    open(url, options, on) {
      const source = { isSettled: false }
      const callbacks = {
        openWhenHidden: true,
        onmessage: ({ data }) => data && on('message', data),
        onerror: (error) => on('error', error),
      }
      const settle = () => {
        source.isSettled = true
      }
      fetchEventSource(url, { ...callbacks, ...options }).then(settle, settle)
      return source
    },
    isClosed: ({ isSettled }) => isSettled,
  },
  'event-source-polyfill': {
    open: (url, options, on) => listen(new EventSourcePolyfill(url, options), on),
    isClosed,
  },
  'eventsource-client': {
    open: (url, options, on) =>
      createEventSource({
        url,
        ...options,
        onMessage: ({ data }) => on('message', data),
        onDisconnect: (...given) => on('error', given[0]),
        onScheduleReconnect: (given) => on('error', given),
      }),
    isClosed: ({ readyState }) => readyState === 'closed',
  },
  'react-native-sse': {
    open: (url, options, on) => listen(new ReactNativeEventSource(url, options), on),
    // After an error it polls again, or nothing follows.
    isClosed: ({ status }, pendingTimers) => status === 2 || (status === -1 && pendingTimers === 0),
  },
}
