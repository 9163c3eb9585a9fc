import { commonOptions, type Options, type Values } from '../command-line/command-line.ts'
import { requestOptions } from '../endpoint/request-options.ts'

export const formatNames = ['pretty', 'jsonl', 'data', 'json', 'raw'] as const

export type FormatName = (typeof formatNames)[number]

export const outputOptions = {
  format: {
    type: 'string',
    choices: formatNames,
    value: 'FORMAT',
    help: 'the output format: pretty, for people (default on a\nterminal); jsonl, a line of JSON for each event (default\nelsewhere); data, only the payloads; json, payloads as one\nline of JSON each; or raw, the bytes of the response',
  },
  data: { type: 'boolean', help: 'the same as --format data' },
  json: {
    type: 'boolean',
    help: 'the same as --format json; a payload that is not JSON is\nreported, and the exit code will be 1',
  },
  timestamps: { type: 'boolean', help: 'print when each event arrived' },
  event: {
    type: 'string',
    multiple: true,
    value: 'NAME',
    help: 'print only events with this name (message if the server\nsends none); may be given more than once',
  },
  output: {
    type: 'string',
    short: 'o',
    value: 'FILE',
    help: 'append to this file instead of writing to standard output',
  },
  stats: {
    type: 'boolean',
    help: 'report the numbers of events and bytes, their rates, and the\ndelay of timestamped events every second on standard error',
  },
  'max-events': { type: 'string', value: 'N', help: 'exit after printing N events' },
  until: {
    type: 'string',
    value: 'STRING',
    help: 'exit before the event with exactly this payload; if the\nstream ends without it, exit with code 1',
  },
} as const satisfies Options

export const reconnectionOptions = {
  state: {
    type: 'string',
    value: 'FILE',
    help: 'store the last event ID in this file, and resume after it',
  },
  'retry-status': {
    type: 'string',
    value: 'LIST',
    help: 'retry after these HTTP statuses, such as 503,429; transient\nmeans 408,429,500,502,503,504',
  },
  'max-attempts': {
    type: 'string',
    value: 'N',
    help: 'give up after N failures in a row (default: never); an event\nresets the count',
  },
  'retry-all': {
    type: 'boolean',
    help: 'also retry if the first attempt fails because of its\ncertificate or an unknown host',
  },
} as const satisfies Options

export const generalOptions = {
  quiet: { type: 'boolean', short: 'q', help: 'do not report interruptions' },
  silent: { type: 'boolean', short: 's', help: 'the same as --quiet' },
  verbose: {
    type: 'boolean',
    short: 'v',
    help: 'report requests, responses and comments on standard error,\nwithout likely secrets',
  },
  version: { type: 'boolean', help: 'show the version' },
  ...commonOptions,
} as const satisfies Options

export const listenOptions = { ...requestOptions, ...outputOptions, ...reconnectionOptions, ...generalOptions }

export type ListenValues = Values<typeof listenOptions>
