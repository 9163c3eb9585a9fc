import { EventSource } from '../event-source.ts'
import type { EventSourceInit } from '../options/event-source-init.ts'
import { applyRules, isObject } from '../options/validation.ts'
import { warnOnce } from '../warn-once.ts'
import { optionRules } from './option-rules.ts'
import type { SharedEventSourceInit } from './shared-event-source.ts'

/**
 * Validates the options about sharing, and returns the others. The options may inherit members, which a copy would not
 * have.
 */
function plainOptions(init: SharedEventSourceInit | null): EventSourceInit | null {
  if (!isObject(init)) return init
  const { scope, replay, ...others } = init
  applyRules({ scope, replay }, optionRules)
  const inherited = new Proxy({}, { get: (_, name) => (name in optionRules ? undefined : Reflect.get(init, name)) })
  return Object.assign(Object.create(inherited), others)
}

/** The SharedEventSource of React Native, where no tabs could share: a plain EventSource, which says so once on the console. */
export class SharedEventSource<Events = unknown> extends EventSource<Events> {
  /**
   * @throws DOMException "SyntaxError" if the URL cannot be parsed
   * @throws TypeError, RangeError if an option is invalid
   */
  constructor(url: string | URL, init: SharedEventSourceInit | null = {}) {
    // biome-ignore lint/complexity/noArguments: as in EventSource, whose own check sees two arguments.
    if (!arguments.length) throw new TypeError('SharedEventSource needs a URL')
    super(url, plainOptions(init))
    warnOnce('SharedEventSource: in React Native there are no tabs to share with; this is a plain EventSource')
  }
}
