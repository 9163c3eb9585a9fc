import type { IncomingHttpHeaders } from 'node:http'
import type { Examination } from '../../../src/cli/doctor/examination.ts'
import type { Observation } from '../../../src/cli/doctor/observation.ts'
import type { Recording, RecordingEnd } from '../../../src/cli/doctor/recording.ts'
import { scanStream } from '../../../src/cli/doctor/stream-scan.ts'

/** A text and the time in ms at which it arrives. */
export type Piece = readonly [at: number, text: string]

export interface SyntheticOptions {
  readonly duration?: number
  readonly end?: RecordingEnd
  readonly headAt?: number
  readonly headers?: IncomingHttpHeaders
}

/** The time at which the requests of synthetic observations are sent, in ms since 1970. */
export const requestDate = Date.UTC(2026, 0, 1)

/** Creates an observation with exact times, which a real server could not keep to. */
export function createObservation(pieces: readonly Piece[], given: SyntheticOptions = {}): Observation {
  const { headAt = 0, duration = pieces.at(-1)?.[0] ?? 0, end = { kind: 'time' } } = given
  const headers = { 'content-type': 'text/event-stream', 'cache-control': 'no-store', ...given.headers }
  const body = pieces.map(([at, text]) => ({ at, bytes: Buffer.from(text) }))
  const recording: Recording = {
    sent: true,
    date: requestDate,
    httpVersion: '1.1',
    head: { at: headAt, status: 200, headers },
    body,
    end,
    duration,
  }
  const request = { url: new URL('http://feed.example/'), method: 'GET', headers: new Headers(), body: null }
  return {
    redirects: [],
    request,
    recording,
    coding: '',
    decompressionFailure: undefined,
    body,
    stream: scanStream(body),
  }
}

export function createExamination(main: Observation): Examination {
  return {
    url: main.request.url,
    method: 'GET',
    time: main.recording.duration,
    main,
    certificate: undefined,
    uncompressed: undefined,
    resumption: undefined,
    crossOrigin: undefined,
    lastEventIdQueryParam: undefined,
    openTimeout: undefined,
    idleTimeout: undefined,
  }
}
