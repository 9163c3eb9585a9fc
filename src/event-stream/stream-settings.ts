import type { EventSourceInit } from '../options/event-source-init.ts'
import { readSettings, type Settings } from '../options/settings.ts'
import {
  anything,
  callback,
  eitherWord,
  isFunction,
  isObject,
  numberFrom,
  type OptionRule,
} from '../options/validation.ts'
import type { Decoder } from './decoder.ts'
import type { EventStreamInit } from './event-stream-init.ts'

/** {@link EventStreamInit}, validated, with every default filled in. */
export interface StreamSettings
  extends Omit<Settings, 'reconnectOnEnd' | 'endOfStream' | 'onEvent'>,
    Omit<EventStreamInit, keyof EventSourceInit> {
  reconnectOnEnd: boolean
  endOfStream?: Uint8Array | undefined
  readonly highWaterMark: number
  readonly onDecodeError: 'throw' | 'skip'
  readonly unterminated: 'discard' | 'deliver'
  readonly onEvent: EventStreamInit['onEvent']
  readonly decode: Decoder<unknown> | undefined
}

const rules = {
  highWaterMark: numberFrom(1, 64),
  until: callback,
  onSkip: callback,
  onInterruption: callback,
  unterminated: eitherWord('discard', 'deliver'),
  reconnectOnEnd: anything,
  onDecodeError: eitherWord('throw', 'skip'),
  decode: {
    isValid: (value) => isFunction(value) || (isObject(value) && '~standard' in value),
    expected: 'a function or a Standard Schema',
  },
} satisfies Record<string, OptionRule>

/**
 * Validates the arguments of `openEventStream`.
 * @throws TypeError or RangeError that names the option, its value and what is valid
 * @throws DOMException "SyntaxError" if the URL cannot be parsed
 */
export function readStreamSettings(url: unknown, init: EventStreamInit | null | undefined): StreamSettings {
  const settings = readSettings(url, init, rules) as unknown as StreamSettings
  settings.reconnectOnEnd ??= settings.method === 'GET'
  // Deviation: "If the file ends in the middle of an event, before the final empty line, the incomplete event is not
  // dispatched", unless the caller wants that. The first line feed may be the second half of a CRLF.
  if (settings.unterminated === 'deliver') settings.endOfStream = new TextEncoder().encode('\n\n\n')
  return settings
}
