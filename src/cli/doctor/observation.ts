import { readCodings } from '../../node/content-coding.ts'
import { type Decompressed, decompress } from './decompress.ts'
import { type Exchange, exchange } from './exchange.ts'
import type { Arrival, RecordedRequest, Recording, RecordingOptions } from './recording.ts'
import { type Scan, scan } from './scan.ts'

/** An exchange, and what its body says. */
export interface Observation extends Exchange {
  /** The Content-Encoding of the response; the empty string if it has none. */
  readonly coding: string
  /** Why the body could not be decompressed, or not all of it. */
  readonly decompressionFailure: string | undefined
  /** The body, decompressed. */
  readonly body: readonly Arrival[]
  readonly stream: Scan
}

export async function observe(request: RecordedRequest, options: RecordingOptions): Promise<Observation> {
  const exchanged = await exchange(request, options)
  const { body, head } = exchanged.recording
  const coding = codingOf(head?.headers['content-encoding'])
  const { body: decompressed, failure, isCut }: Decompressed = coding ? await undo(body, coding) : { body }
  const recording: Recording = isCut ? { ...exchanged.recording, end: { kind: 'full' } } : exchanged.recording
  const stream = scan(decompressed)
  return { ...exchanged, recording, coding, body: decompressed, decompressionFailure: failure, stream }
}

function codingOf(contentEncoding: string | undefined): string {
  const coding = contentEncoding?.trim() ?? ''
  return coding.toLowerCase() === 'identity' ? '' : coding
}

async function undo(body: readonly Arrival[], coding: string): Promise<Decompressed> {
  let codings: string[] = []
  try {
    codings = readCodings(coding)
  } catch {
    // More codings than clients undo are as good as unknown.
  }
  if (codings.length === 0) return { body: [], failure: 'it is not a coding that clients know' }
  return await decompress(body, codings)
}
