/** Names with a meaning for a program that stores received names in plain objects. */
export const hostileNames = [
  ...['__proto__', 'constructor', 'prototype', 'toString', 'valueOf', 'hasOwnProperty', '__defineGetter__', 'then'],
  ...['on', 'onmessage', 'onopen', 'onerror', 'close', 'dispatchEvent', 'addEventListener', 'readyState', 'type'],
]
