import { readCodings } from '../../node/content-coding.ts'
import { type Decompressed, decompress } from './decompress.ts'
import type { Arrival, RecordedRequest, Recording, RecordingOptions } from './recording.ts'
import { type RedirectedRecording, recordWithRedirects } from './redirects.ts'
import { type StreamScan, scanStream } from './stream-scan.ts'

/** The recording of a response, decompressed and scanned. */
export interface Observation extends RedirectedRecording {
  /** The Content-Encoding of the response; the empty string if it has none. */
  readonly coding: string
  /** Why the body could not be decompressed completely; undefined if it could. */
  readonly decompressionFailure: string | undefined
  /** The decompressed body. */
  readonly body: readonly Arrival[]
  readonly stream: StreamScan
}

export async function observe(request: RecordedRequest, options: RecordingOptions): Promise<Observation> {
  const redirected = await recordWithRedirects(request, options)
  const { body, head } = redirected.recording
  const coding = normalizeCoding(head?.headers['content-encoding'])
  const { body: decompressed, failure, isTruncated }: Decompressed = coding ? await undo(body, coding) : { body }
  const recording: Recording = isTruncated ? { ...redirected.recording, end: { kind: 'full' } } : redirected.recording
  const stream = scanStream(decompressed)
  return { ...redirected, recording, coding, body: decompressed, decompressionFailure: failure, stream }
}

function normalizeCoding(contentEncoding: string | undefined): string {
  const coding = contentEncoding?.trim() ?? ''
  return coding.toLowerCase() === 'identity' ? '' : coding
}

/** The codings that some clients support, although this version of Node does not. */
const rareCodings = /^(zstd|dcb|dcz|compress|x-compress)$/i

function describeUnknownCoding(coding: string): string {
  return rareCodings.test(coding)
    ? 'this version of Node cannot decompress it, and the request did not accept it (some browsers do)'
    : 'clients do not support this coding'
}

async function undo(body: readonly Arrival[], coding: string): Promise<Decompressed> {
  let codings: readonly string[] = []
  try {
    codings = readCodings(coding)
  } catch {
    // Too many codings are treated like unknown ones.
  }
  if (codings.length === 0) return { body: [], failure: describeUnknownCoding(coding) }
  return await decompress(body, codings)
}
