import { EventSource } from '../event-source.ts'
import { warnOnce } from '../warn-once.ts'
import type { SharedEventSourceInit } from './shared-event-source.ts'

/** The SharedEventSource of React Native, where no tabs could share: a plain EventSource, which says so once on the console. */
export class SharedEventSource<Events = unknown> extends EventSource<Events> {
  /**
   * @throws DOMException "SyntaxError" if the URL cannot be parsed
   * @throws TypeError, RangeError if an option is not what it has to be
   */
  constructor(url: string | URL, init: SharedEventSourceInit | null = {}) {
    // biome-ignore lint/complexity/noArguments: as in EventSource, whose own check sees two arguments.
    if (!arguments.length) throw new TypeError('SharedEventSource needs a URL')
    super(url, init)
    warnOnce('SharedEventSource: in React Native there are no tabs to share with; this is a plain EventSource')
  }
}
