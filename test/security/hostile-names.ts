/** Names that mean something to a program that keeps what it is sent in plain objects. */
export const hostileNames = [
  ...['__proto__', 'constructor', 'prototype', 'toString', 'valueOf', 'hasOwnProperty', '__defineGetter__', 'then'],
  ...['on', 'onmessage', 'onopen', 'onerror', 'close', 'dispatchEvent', 'addEventListener', 'readyState', 'type'],
]
