import { isUtf8 } from 'node:buffer'
import { findInvalidByte } from './invalid-utf8.ts'
import type { Arrival } from './recording.ts'

/** A position in a stream. */
export interface StreamPosition {
  /** The byte offset, from 0. */
  readonly offset: number
  /** The line number, from 1. */
  readonly line: number
}

export interface ScannedEvent extends StreamPosition {
  /** The time in ms at which its last byte arrived. */
  readonly at: number
  readonly type: string
  readonly data: string
  /** The last `id` since the event before it, in its own block or in one without data; undefined if there is none. */
  readonly id: string | undefined
}

/** A field, with its value as it is in the stream. */
export interface ScannedField extends StreamPosition {
  readonly name: string
  readonly value: string
}

/** The state of the stream after an arrival, when no more bytes are there. */
export interface ScanState {
  readonly at: number
  /** Whether the last byte ended an event, ended a line of an event, or is in the middle of a line. */
  readonly after: 'event' | 'line' | 'part of a line'
  /** Whether there is data that is not part of a complete event yet. */
  readonly hasPendingData: boolean
}

/** The first few items, the last one, and how many there are. */
export interface Sample<Item> {
  readonly first: readonly Item[]
  readonly last: Item | undefined
  readonly count: number
}

/** The content of a stream, including its mistakes, with positions. */
export interface StreamScan {
  readonly size: number
  readonly events: readonly ScannedEvent[]
  /** The times in ms at which comment lines arrived. */
  readonly comments: readonly number[]
  readonly retries: Sample<ScannedField>
  /** The `id` fields that contain NUL, which clients ignore. */
  readonly ignoredIds: Sample<ScannedField>
  readonly unknownFields: Sample<ScannedField>
  /** The `event` fields of blocks without data that came with an event without a name. */
  readonly lostNames: Sample<ScannedField>
  /** The offset after the last event; 0 if there is none. */
  readonly lastEventEnd: number
  /** The first invalid byte of each line that is not UTF-8. */
  readonly invalidBytes: Sample<StreamPosition>
  /** The state after each arrival. */
  readonly states: readonly ScanState[]
}

/** The maximum time in ms between parts of a stream that a server writes together. */
const maxWriteTime = 50

const cr = 13
const lf = 10
const byteOrderMark = Buffer.from('\uFEFF')
const lineFeed = Buffer.of(lf)

// A byte order mark counts only at the start of the stream, where the scanner removes it.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** Reads a body as an event stream, and records what clients silently ignore. */
export function scanStream(body: Iterable<Arrival>): StreamScan {
  const scanner = new StreamScanner()
  for (const arrival of body) scanner.push(arrival)
  scanner.end()
  return scanner
}

/** Scans a stream, one arrival at a time. */
export class StreamScanner implements StreamScan {
  readonly events: ScannedEvent[] = []
  readonly comments: number[] = []
  readonly retries = new SampleCollector<ScannedField>()
  readonly ignoredIds = new SampleCollector<ScannedField>()
  readonly unknownFields = new SampleCollector<ScannedField>()
  readonly lostNames = new SampleCollector<ScannedField>()
  readonly invalidBytes = new SampleCollector<StreamPosition>()
  readonly states: ScanState[] = []
  size = 0
  lastEventEnd = 0
  /** The bytes of a line that has not ended; no piece is empty. */
  #pieces: Buffer[] = []
  /** The position of that line. */
  #start: StreamPosition = { offset: 0, line: 1 }
  #lastByte = 0
  /** The event whose blank line has not arrived; undefined between events. */
  #block: { start: StreamPosition; data: string[]; name: ScannedField | undefined; id: string | undefined } | undefined
  /** The block without data before the current one. */
  #blockBefore: { at: number; name: ScannedField | undefined; id: string | undefined } | undefined

  push({ at, bytes }: Arrival): void {
    let from = 0
    for (let index = 0; index < bytes.length; index++) {
      const byte = bytes[index]
      if (byte !== cr && byte !== lf) continue
      const isSecondHalf = byte === lf && (index === 0 ? this.#lastByte : bytes[index - 1]) === cr
      if (isSecondHalf) {
        if (this.lastEventEnd === this.#start.offset) this.lastEventEnd++
        this.#start = { offset: this.size + index + 1, line: this.#start.line }
      } else {
        const count = this.events.length
        this.#endLine(Buffer.concat([...this.#pieces, bytes.subarray(from, index)]), at)
        this.#pieces = []
        if (this.events.length > count) this.lastEventEnd = this.size + index + 1
        this.#start = { offset: this.size + index + 1, line: this.#start.line + 1 }
      }
      from = index + 1
    }
    if (from < bytes.length) this.#pieces.push(bytes.subarray(from))
    this.size += bytes.length
    this.#lastByte = bytes.at(-1) ?? this.#lastByte
    this.states.push(this.#state(at))
  }

  /** Checks the last line as well, which has not ended. */
  end(): void {
    this.#checkUtf8(Buffer.concat(this.#pieces), this.#start.offset)
    this.#pieces = []
  }

  #state(at: number): ScanState {
    // Five pieces hold at least the five bytes that identify a line of data.
    const beginning = Buffer.concat(this.#pieces.slice(0, 5).map((piece) => piece.subarray(0, 5)))
    const hasPendingData = beginning.toString('latin1').startsWith('data:') || (this.#block?.data.length ?? 0) > 0
    if (this.#pieces.length > 0) return { at, after: 'part of a line', hasPendingData }
    return { at, after: this.#block ? 'line' : 'event', hasPendingData }
  }

  #endLine(whole: Buffer, at: number): void {
    const hasMark = this.#start.offset === 0 && whole.subarray(0, 3).equals(byteOrderMark)
    const line = hasMark ? whole.subarray(3) : whole
    if (line.length === 0) {
      this.#endBlock(at)
      return
    }
    this.#checkUtf8(Buffer.concat([line, lineFeed]), this.#start.offset + whole.length - line.length)
    const text = decoder.decode(line)
    const colon = text.indexOf(':')
    if (colon === 0) this.comments.push(at)
    else if (colon === -1) this.#readField(text, '')
    else this.#readField(text.slice(0, colon), text.slice(colon + 1).replace(/^ /, ''))
  }

  #checkUtf8(bytes: Buffer, start: number): void {
    const invalid = isUtf8(bytes) ? undefined : findInvalidByte(bytes)
    if (invalid !== undefined) this.invalidBytes.add({ offset: start + invalid, line: this.#start.line })
  }

  #readField(name: string, value: string): void {
    const field = { ...this.#start, name, value }
    this.#block ??= { start: this.#start, data: [], name: undefined, id: undefined }
    if (name === 'data') this.#block.data.push(value)
    else if (name === 'event') this.#block.name = field
    else if (name === 'id' && value.includes('\0')) this.ignoredIds.add(field)
    else if (name === 'id') this.#block.id = value
    else if (name === 'retry') this.retries.add(field)
    else this.unknownFields.add(field)
  }

  #endBlock(at: number): void {
    const block = this.#block
    this.#block = undefined
    if (!block) return
    const { start, data, name } = block
    const id = block.id ?? this.#blockBefore?.id
    if (data.length === 0) {
      this.#blockBefore = { at, name: name ?? this.#blockBefore?.name, id }
      return
    }
    const { at: before = -Infinity, name: lostName } = this.#blockBefore ?? {}
    if (!name && lostName && at - before <= maxWriteTime) this.lostNames.add(lostName)
    this.#blockBefore = undefined
    const type = name?.value ? name.value : 'message'
    this.events.push({ ...start, at, type, data: data.join('\n'), id })
  }
}

/** Collects a sample. */
class SampleCollector<Item> implements Sample<Item> {
  readonly first: Item[] = []
  last: Item | undefined
  count = 0

  add(item: Item): void {
    this.last = item
    this.count++
    if (this.first.length < 3) this.first.push(item)
  }
}
