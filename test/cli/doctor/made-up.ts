import type { IncomingHttpHeaders } from 'node:http'
import type { Examination } from '../../../src/cli/doctor/examination.ts'
import type { Observation } from '../../../src/cli/doctor/observation.ts'
import type { Recording, RecordingEnd } from '../../../src/cli/doctor/recording.ts'
import { scan } from '../../../src/cli/doctor/scan.ts'

/** Text, and when it arrives, in ms. */
export type Piece = readonly [at: number, text: string]

export interface MadeUp {
  readonly duration?: number
  readonly end?: RecordingEnd
  readonly headAt?: number
  readonly headers?: IncomingHttpHeaders
}

/** When the requests of made-up observations were sent, in ms since 1970. */
export const sentDate = Date.UTC(2026, 0, 1)

/** An observation with times that no machine would keep to. */
export function makeUpObservation(pieces: readonly Piece[], given: MadeUp = {}): Observation {
  const { headAt = 0, duration = pieces.at(-1)?.[0] ?? 0, end = { kind: 'time' } } = given
  const headers = { 'content-type': 'text/event-stream', 'cache-control': 'no-store', ...given.headers }
  const body = pieces.map(([at, text]) => ({ at, bytes: Buffer.from(text) }))
  const recording: Recording = {
    sent: true,
    date: sentDate,
    httpVersion: '1.1',
    head: { at: headAt, status: 200, headers },
    body,
    end,
    duration,
  }
  const request = { url: new URL('http://feed.example/'), method: 'GET', headers: new Headers(), body: null }
  return { redirects: [], request, recording, coding: '', decompressionFailure: undefined, body, stream: scan(body) }
}

export function makeUpExamination(main: Observation): Examination {
  return {
    url: main.request.url,
    method: 'GET',
    time: main.recording.duration,
    main,
    uncompressed: undefined,
    resumption: undefined,
    page: undefined,
    lastEventIdQueryParam: undefined,
    openTimeout: undefined,
    idleTimeout: undefined,
  }
}
