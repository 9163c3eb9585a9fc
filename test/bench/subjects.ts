/** everysource itself, another client, or a baseline: a program that does less than any client must do. */
export type SubjectKind = 'ours' | 'peer' | 'baseline'

export interface Subject {
  readonly title: string
  readonly kind: SubjectKind
  /** The name of its package in the peers' directory. */
  readonly module?: string
}

const everySubject = {
  everysource: { title: 'everysource', kind: 'ours' },
  'everysource-fetch': { title: 'everysource over fetch', kind: 'ours' },
  other: { title: 'everysource, other checkout', kind: 'ours' },
  eventsource: { title: 'eventsource 5', kind: 'peer', module: 'eventsource' },
  eventsource4: { title: 'eventsource 4', kind: 'peer', module: 'eventsource4' },
  undici: { title: 'undici', kind: 'peer', module: 'undici' },
  'eventsource-client': { title: 'eventsource-client', kind: 'peer', module: 'eventsource-client' },
  'launchdarkly-eventsource': { title: 'launchdarkly-eventsource', kind: 'peer', module: 'launchdarkly-eventsource' },
  'event-source-polyfill': { title: 'event-source-polyfill', kind: 'peer', module: 'event-source-polyfill' },
  'extended-eventsource': { title: 'extended-eventsource', kind: 'peer', module: 'extended-eventsource' },
  'fetch-event-source': { title: 'fetch-event-source', kind: 'peer', module: '@microsoft/fetch-event-source' },
  native: { title: 'native EventSource', kind: 'peer' },
  empty: { title: 'Node alone', kind: 'baseline' },
  'http-discard': { title: 'node:http, read', kind: 'baseline' },
  'fetch-discard': { title: 'fetch, read', kind: 'baseline' },
  'fetch-message': { title: 'fetch, to Events with their data', kind: 'baseline', module: 'eventsource-parser' },
  'http-decode': { title: 'node:http, decoded', kind: 'baseline' },
  'http-parse': { title: 'node:http, decoded, parsed', kind: 'baseline', module: 'eventsource-parser' },
  'http-dispatch': { title: 'node:http, to bare Events', kind: 'baseline' },
  'http-message': { title: 'node:http, to Events with their data', kind: 'baseline', module: 'eventsource-parser' },
  'http-open': { title: 'node:http, open', kind: 'baseline' },
  'http-event-target': {
    title: 'node:http, open, with a parser and an EventTarget',
    kind: 'baseline',
    module: 'eventsource-parser',
  },
  'undici-open': { title: 'undici, open', kind: 'baseline', module: 'undici' },
  'http2-discard': { title: 'node:http2, read', kind: 'baseline' },
  'http2-dispatch': { title: 'node:http2, to bare Events', kind: 'baseline' },
  'http2-message': { title: 'node:http2, to Events with their data', kind: 'baseline', module: 'eventsource-parser' },
  'http2-open': { title: 'node:http2, open', kind: 'baseline' },
  'http2-event-target': {
    title: 'node:http2, open, with a parser and an EventTarget',
    kind: 'baseline',
    module: 'eventsource-parser',
  },
} as const satisfies Record<string, Subject>

export type SubjectName = keyof typeof everySubject

export const subjects: Readonly<Record<SubjectName, Subject>> = everySubject

export const subjectNames = Object.keys(everySubject) as SubjectName[]
