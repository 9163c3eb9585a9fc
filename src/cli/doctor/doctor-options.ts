import { commonOptions, type Options } from '../command-line/command-line.ts'
import { requestOptions } from '../endpoint/request-options.ts'
import { serverNames } from './server-recipes.ts'

export const checkOptions = {
  seconds: {
    type: 'string',
    value: 'N',
    help: 'observe a response for up to N seconds, from 1 to 3600\n(default: 10); the whole run takes at most twice as long',
  },
  origin: {
    type: 'string',
    value: 'ORIGIN',
    help: 'check that a page of this origin, such as\nhttps://app.example, can read the stream',
  },
  server: {
    type: 'string',
    value: 'NAME',
    choices: serverNames,
    help: `show how to configure ${serverNames.slice(0, 7).join(', ')},\n${serverNames.slice(7, 14).join(', ')},\n${serverNames.slice(14).join(' or ')} (default: the recognized server, after a failure)`,
  },
  json: { type: 'boolean', help: 'print the report as one JSON document' },
  watch: { type: 'boolean', help: 'repeat the checks until none fails' },
  ...commonOptions,
} as const satisfies Options

/** The options of requests: those of other commands, except that timeouts are limits to check. */
export const checkedRequestOptions = {
  ...requestOptions,
  'open-timeout': {
    ...requestOptions['open-timeout'],
    help: 'fail the check if the response headers take longer than\nthis, as with the timeout of your clients (default: no limit)',
  },
  'idle-timeout': {
    ...requestOptions['idle-timeout'],
    help: 'fail the check if no bytes, including comments, arrive for\nthis long, as with that of your clients (default: no limit)',
  },
} as const satisfies Options

export const doctorOptions = { ...checkedRequestOptions, ...checkOptions }
