import { isUtf8 } from 'node:buffer'
import type { Arrival } from './recording.ts'

/** Where something is in a stream. */
export interface Place {
  /** Byte offset, from 0. */
  readonly offset: number
  /** Line number, from 1. */
  readonly line: number
}

export interface ScannedEvent extends Place {
  /** When the last byte of it had come. */
  readonly at: number
  readonly type: string
  readonly data: string
  /** What its own `id` field says. */
  readonly id: string | undefined
}

/** A field, with its value as it is written. */
export interface ScannedField extends Place {
  readonly name: string
  readonly value: string
}

/** What a stream has come to when bytes have arrived, and no more are there. */
export interface Rest {
  readonly at: number
  /** Between two events; after a line of one; or in the middle of a line. */
  readonly position: 'between' | 'line end' | 'in line'
  /** Whether there is data that no event has been made of yet. */
  readonly hasData: boolean
}

/** The first few of something, the last one, and how many there are. */
export interface Few<Item> {
  readonly first: readonly Item[]
  readonly last: Item | undefined
  readonly count: number
}

/** What is in a stream, wrong things too, and where. */
export interface Scan {
  readonly size: number
  readonly events: readonly ScannedEvent[]
  /** When comment lines came. */
  readonly comments: readonly number[]
  readonly retries: Few<ScannedField>
  /** `id` fields that hold NUL, for which they are ignored. */
  readonly ignoredIds: Few<ScannedField>
  readonly unknownFields: Few<ScannedField>
  /** The first byte in each line that cannot be decoded. */
  readonly invalidBytes: Few<Place>
  /** One for each arrival. */
  readonly rests: readonly Rest[]
}

const cr = 13
const lf = 10
const byteOrderMark = Buffer.from('\uFEFF')
const lineFeed = Buffer.of(lf)
const replacement = Buffer.from('\uFFFD')

// A byte order mark is a byte like any other but at the start of the stream, where it is taken off by hand.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** Reads a body as an event stream, and notes what a client would pass over in silence. */
export function scan(body: Iterable<Arrival>): Scan {
  const scanner = new Scanner()
  for (const arrival of body) scanner.push(arrival)
  scanner.end()
  return scanner
}

/** {@link scan} by the arrival. */
export class Scanner implements Scan {
  readonly events: ScannedEvent[] = []
  readonly comments: number[] = []
  readonly retries = new FirstFew<ScannedField>()
  readonly ignoredIds = new FirstFew<ScannedField>()
  readonly unknownFields = new FirstFew<ScannedField>()
  readonly invalidBytes = new FirstFew<Place>()
  readonly rests: Rest[] = []
  size = 0
  /** The beginnings of a line that has not ended. */
  #pieces: Buffer[] = []
  #start: Place = { offset: 0, line: 1 }
  #lastByte = 0
  #block: { start: Place; data: string[]; type: string; id: string | undefined } | undefined

  push({ at, bytes }: Arrival): void {
    let from = 0
    for (let index = 0; index < bytes.length; index++) {
      const byte = bytes[index]
      if (byte !== cr && byte !== lf) continue
      const isSecondHalf = byte === lf && (index === 0 ? this.#lastByte : bytes[index - 1]) === cr
      if (isSecondHalf) {
        this.#start = { offset: this.size + index + 1, line: this.#start.line }
      } else {
        this.#endLine(Buffer.concat([...this.#pieces, bytes.subarray(from, index)]), at)
        this.#pieces = []
        this.#start = { offset: this.size + index + 1, line: this.#start.line + 1 }
      }
      from = index + 1
    }
    if (from < bytes.length) this.#pieces.push(bytes.subarray(from))
    this.size += bytes.length
    this.#lastByte = bytes.at(-1) ?? this.#lastByte
    this.rests.push(this.#rest(at))
  }

  /** Looks at the beginning of a line, too, which is all that came of it. */
  end(): void {
    this.#checkUtf8(Buffer.concat(this.#pieces), this.#start.offset)
    this.#pieces = []
  }

  #rest(at: number): Rest {
    // No piece is empty, so these hold the first five bytes of the line, which tell a line of data from others.
    const beginning = Buffer.concat(this.#pieces.slice(0, 5).map((piece) => piece.subarray(0, 5)))
    const hasData = beginning.toString('latin1').startsWith('data:') || (this.#block?.data.length ?? 0) > 0
    if (this.#pieces.length > 0) return { at, position: 'in line', hasData }
    return { at, position: this.#block ? 'line end' : 'between', hasData }
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
    const invalid = isUtf8(bytes) ? undefined : firstInvalidByte(bytes)
    if (invalid !== undefined) this.invalidBytes.add({ offset: start + invalid, line: this.#start.line })
  }

  #readField(name: string, value: string): void {
    const field = { ...this.#start, name, value }
    this.#block ??= { start: this.#start, data: [], type: '', id: undefined }
    if (name === 'data') this.#block.data.push(value)
    else if (name === 'event') this.#block.type = value
    else if (name === 'id' && value.includes('\0')) this.ignoredIds.add(field)
    else if (name === 'id') this.#block.id = value
    else if (name === 'retry') this.retries.add(field)
    else this.unknownFields.add(field)
  }

  #endBlock(at: number): void {
    const block = this.#block
    this.#block = undefined
    if (!block || block.data.length === 0) return
    const { start, data, type, id } = block
    this.events.push({ ...start, at, type: type || 'message', data: data.join('\n'), id })
  }
}

class FirstFew<Item> implements Few<Item> {
  readonly first: Item[] = []
  last: Item | undefined
  count = 0

  add(item: Item): void {
    this.last = item
    this.count++
    if (this.first.length < 3) this.first.push(item)
  }
}

/**
 * Where in these bytes the first one is that is not part of a UTF-8 character; undefined if all are, or can be once
 * more bytes follow.
 */
export function firstInvalidByte(bytes: Buffer): number | undefined {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes, { stream: true })
  let offset = 0
  let from = 0
  for (let index = text.indexOf('\uFFFD'); index !== -1; index = text.indexOf('\uFFFD', from)) {
    // What comes before the first replacement was valid, and takes as many bytes as it did.
    offset += Buffer.byteLength(text.slice(from, index))
    if (!bytes.subarray(offset, offset + replacement.length).equals(replacement)) return offset
    offset += replacement.length
    from = index + 1
  }
  return undefined
}
