import type { ErrorDetails } from '../src/events.ts'
import type { EventSourceInit } from '../src/options/event-source-init.ts'
import { readSettings } from '../src/options/settings.ts'
import { type Session, type SessionHandler, startSession } from '../src/session.ts'
import { type ScriptedRequest, ScriptedTransport } from './scripted-transport.ts'

export const url = 'http://feed.example/'

/** A started session, with its scripted transport. */
export interface Started extends ScriptedTransport {
  readonly session: Session
  readonly reports: unknown[][]
  readonly interruptions: ErrorDetails[]
}

/** Starts a session over a scripted transport. */
export function start(init: EventSourceInit = {}, handler: Partial<SessionHandler> = {}): Started {
  const scripted = new ScriptedTransport()
  const reports: unknown[][] = []
  const interruptions: ErrorDetails[] = []
  const session = startSession(readSettings(url, init), scripted.transport, {
    announce: () => reports.push(['announce']),
    message: (type, data) => reports.push(['message', type, data, session.lastEventId]),
    interrupted: (details) => {
      interruptions.push(details)
      const { reason, delay, willReconnect } = details
      reports.push(willReconnect ? ['reestablish', reason, delay] : ['fail', reason])
    },
    aborted: () => reports.push(['aborted']),
    ...handler,
  })
  return Object.assign(scripted, { session, reports, interruptions })
}

/** Responds with one message and ends the stream. */
export function endAfterMessage(request: ScriptedRequest): void {
  request.respond()
  request.send('data: a\n\n')
  request.end()
}
