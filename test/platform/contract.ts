import type * as lifecycle from '#lifecycle'
import type * as messageEvent from '#message-event'
import type * as parser from '#parser'
import type * as platform from '#platform'
import type * as transport from '#transport'
import type { createMessageEvent } from '../../src/message-event.ts'
import type { isLeavingPage, Network, watchPageLifecycle } from '../../src/page-lifecycle.ts'
import type { createEventStreamParser } from '../../src/parser.ts'
import type { Platform } from '../../src/platform/platform.ts'
import type { CreateTransport } from '../../src/transport/transport.ts'

// Compiled once with the conditions of each runtime (`npm run types`): a file that lacks a member, or has one of another
// type, fails that compilation.

type Satisfies<Required, _Given extends Required> = true

export type EveryPlatformIsComplete = Satisfies<Platform, typeof platform>

export type EveryTransportIsComplete = Satisfies<{ createTransport: CreateTransport }, typeof transport>

export type EveryParserIsComplete = Satisfies<
  { createEventStreamParser: typeof createEventStreamParser },
  typeof parser
>

export type EveryLifecycleIsComplete = Satisfies<
  { network: Network; watchPageLifecycle: typeof watchPageLifecycle; isLeavingPage: typeof isLeavingPage },
  typeof lifecycle
>

export type EveryMessageEventIsComplete = Satisfies<
  { createMessageEvent: typeof createMessageEvent },
  typeof messageEvent
>
