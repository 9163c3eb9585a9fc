import { expect } from 'vitest'
import { Attempt, type AttemptHandler } from '../src/attempt.ts'
import type { AttemptContext, EventSourceInit } from '../src/options/event-source-init.ts'
import { readSettings } from '../src/options/settings.ts'
import type { CompletedOutcome, Outcome } from '../src/outcome.ts'
import { settle } from './fake-timers.ts'
import { ScriptedTransport } from './scripted-transport.ts'

export const url = 'http://feed.example/'

/** A started attempt, with its scripted transport. */
export interface Started extends ScriptedTransport {
  readonly attempt: Attempt
  /** The reports of the attempt, in order. */
  readonly reports: unknown[][]
  /** The outcome of the attempt, once it has one. */
  readonly outcome: Outcome | undefined
}

interface Start {
  readonly init?: EventSourceInit
  readonly context?: Partial<AttemptContext>
  readonly handler?: Partial<AttemptHandler>
  readonly address?: string
}

/** Starts an attempt over a transport. */
export function startAttempt(...parameters: ConstructorParameters<typeof Attempt>): Attempt {
  return new Attempt(...parameters)
}

/** Starts an attempt over a scripted transport. */
export async function start({ init = {}, context = {}, handler = {}, address = url }: Start = {}): Promise<Started> {
  const scripted = new ScriptedTransport()
  const reports: unknown[][] = []
  const attempt = startAttempt(
    readSettings(address, init),
    { attempt: 1, failures: 0, lastEventId: '', previous: undefined, ...context },
    scripted.transport,
    {
      open: ({ status }) => reports.push(['open', status]),
      id: (id) => reports.push(['id', id]),
      message: (type, data) => reports.push(['message', type, data]),
      reconnectionTime: (milliseconds) => reports.push(['reconnectionTime', milliseconds]),
      ready: () => undefined,
      ended(outcome) {
        expect(started.outcome).toBeUndefined()
        started.outcome = outcome
      },
      ...handler,
    },
  )
  const started = Object.assign(scripted, { attempt, reports, outcome: undefined as Outcome | undefined })
  await settle()
  return started
}

/** The outcome of an attempt that was not aborted. */
export function interruptionOf({ outcome }: { readonly outcome: Outcome | undefined }): CompletedOutcome {
  if (outcome === undefined || outcome.kind === 'aborted') throw new Error(`the outcome is ${outcome?.kind}`)
  return outcome
}
