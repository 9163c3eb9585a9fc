import type { Options, Values } from '../command-line/command-line.ts'

/** The options that say which request is sent: the same for every command that sends one. */
export const requestOptions = {
  header: {
    type: 'string',
    short: 'H',
    multiple: true,
    value: "'Name: value'",
    help: 'send this request header; may be given more than once',
  },
  method: { type: 'string', short: 'X', value: 'METHOD', help: 'the HTTP method (default: GET; POST with -d)' },
  body: {
    type: 'string',
    short: 'd',
    value: 'DATA|@FILE|-',
    help: 'the request body: text, the content of a file, or standard\ninput; its Content-Type, unless given with -H, is\napplication/json if the body is JSON, otherwise\napplication/x-www-form-urlencoded',
  },
  user: {
    type: 'string',
    short: 'u',
    value: 'USER:PASSWORD',
    help: 'send these credentials with HTTP Basic authentication',
  },
  'last-event-id': { type: 'string', value: 'ID', help: 'resume after this event' },
  'id-param': {
    type: 'string',
    value: 'NAME',
    help: 'send the last event ID as this query parameter instead of\na header',
  },
  'bearer-command': {
    type: 'string',
    value: 'COMMAND',
    help: 'run this shell command before every attempt, and send its\noutput as the bearer token',
  },
  'open-timeout': {
    type: 'string',
    value: 'SECONDS',
    help: 'reconnect if the response headers take longer than this\n(default: no limit)',
  },
  'idle-timeout': {
    type: 'string',
    value: 'SECONDS',
    help: 'reconnect if no bytes, including comments, arrive for this\nlong (default: no limit)',
  },
  proxy: {
    type: 'string',
    value: 'URL',
    help: 'use the proxy at this http, https or socks5 URL (default:\nHTTP_PROXY or HTTPS_PROXY, except for hosts in NO_PROXY)',
  },
  cacert: {
    type: 'string',
    value: 'FILE',
    help: 'also trust the certificates in this PEM file',
  },
  insecure: { type: 'boolean', short: 'k', help: 'accept any certificate, including that of an attacker' },
  location: { type: 'boolean', short: 'L', help: 'accepted, as in curl: redirects are always followed' },
  'no-buffer': { type: 'boolean', short: 'N', help: 'accepted, as in curl: output is never buffered' },
} as const satisfies Options

export type RequestValues = Values<typeof requestOptions>
