import type { BrowserName } from '../browsers.ts'
import { fieldValue, ignored, isField, type Line, splitBlocks, splitLines } from './lines.ts'
import type { ClientName } from './observation.ts'

/** A known deviation of a client from the standard. */
export interface Deviation {
  /** What the client does, as a sentence without its subject. */
  readonly name: string
  /** Returns the lines that the standard would interpret as the client interprets the given ones. */
  readonly reads?: (lines: readonly Line[], chunks: readonly Uint8Array[]) => readonly Line[]
  /** Returns the header bytes that the client sends instead of the given ones, each as one character. */
  readonly sends?: (header: string) => string
}

/** A placeholder for NUL in the id of an event, which the standard does not allow. */
export const nulPlaceholder = '\uE000'

/** The maximum integer of 64 bits. */
const maxInteger = 2n ** 64n - 1n

function isLargeInteger(digits: string): boolean {
  return /^\d+$/.test(digits) && BigInt(digits) > maxInteger
}

function startsWithMark(bytes: Uint8Array): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
}

const treatsEmptyRetryAsDefault: Deviation = {
  name: 'goes back to its default reconnection time at an empty "retry"',
  reads(lines) {
    const last = lines.findLastIndex((line) => isField(line, 'retry') && fieldValue(line) === '')
    return lines.map((line, index) => (index <= last && isField(line, 'retry') ? ignored(line) : line))
  },
}

const ignoresLargeRetry: Deviation = {
  name: 'ignores reconnection times of more than 64 bits',
  reads: (lines) =>
    lines.map((line) => (isField(line, 'retry') && isLargeInteger(fieldValue(line)) ? ignored(line) : line)),
}

const chromium: readonly Deviation[] = [
  {
    name: 'treats a line ending right after the byte order mark as part of the next line',
    reads(lines, chunks) {
      const [first, second, ...rest] = lines
      if (first?.text !== '' || !startsWithMark(Buffer.concat(chunks))) return lines
      // Only the first character of a line ending is treated in this way.
      if (first.end === '\r\n') return [{ ...first, text: '\uFFFD' }, ...lines.slice(1)]
      return second === undefined ? [] : [{ ...second, text: `\uFFFD${second.text}` }, ...rest]
    },
  },
  treatsEmptyRetryAsDefault,
  ignoresLargeRetry,
]

const firefox: readonly Deviation[] = [
  {
    name: 'skips NUL at the beginning of a line, unless CR alone ends the line before',
    reads: (lines) =>
      lines.map((line, index) =>
        lines[index - 1]?.end.endsWith('\n') ? { ...line, text: line.text.replace(/^\0+/, '') } : line,
      ),
  },
  {
    name: 'also ignores the field after an "id" with NUL',
    reads(lines) {
      let prefix = ''
      return lines.map((line) => {
        if (line.text === '') prefix = ''
        if (line.text === '' || line.text.startsWith(':')) return line
        const joined = { ...line, text: prefix + line.text }
        prefix = /^id:.+\0/s.test(joined.text) ? 'id' : ''
        return prefix === '' ? joined : ignored(line)
      })
    },
  },
  {
    name: 'accepts an "id" that begins with NUL',
    reads: (lines) => lines.map((line) => ({ ...line, text: line.text.replace(/^id:\0/, `id:${nulPlaceholder}`) })),
  },
  {
    name: 'removes NUL from values, except for a first one',
    reads: (lines) =>
      lines.map((line) => {
        const [, start = '', rest = ''] = /^([^:]+:.)(.*)$/s.exec(line.text) ?? []
        return start === '' ? line : { ...line, text: start + rest.replaceAll('\0', '') }
      }),
  },
  {
    name: 'forgets the id of a block without data',
    reads: (lines) =>
      splitBlocks(lines).flatMap((block) =>
        block.some((line) => isField(line, 'data'))
          ? block
          : block.map((line) => (isField(line, 'id') ? ignored(line) : line)),
      ),
  },
  {
    name: 'treats an empty "retry" as 0',
    reads: (lines) =>
      lines.map((line) => (isField(line, 'retry') && fieldValue(line) === '' ? { ...line, text: 'retry:0' } : line)),
  },
  {
    name: 'truncates reconnection times to 32 bits',
    reads: (lines) =>
      lines.map((line) => {
        if (!isField(line, 'retry') || !/^\d+$/.test(fieldValue(line))) return line
        return { ...line, text: `retry:${BigInt.asUintN(32, BigInt(fieldValue(line)))}` }
      }),
  },
]

/** Finds a byte order mark as WebKit does: at the start of each chunk, until one was large enough to contain it. */
function findMark(chunks: readonly Uint8Array[]): { readonly index: number; readonly encoding: string } | undefined {
  for (const [index, chunk] of chunks.entries()) {
    if (startsWithMark(chunk)) return { index, encoding: 'utf-8' }
    if (chunk[0] === 0xfe && chunk[1] === 0xff) return { index, encoding: 'utf-16be' }
    if (chunk[0] === 0xff && chunk[1] === 0xfe) return { index, encoding: 'utf-16le' }
    if (chunk.length >= 3) return undefined
  }
  return undefined
}

const webkit: readonly Deviation[] = [
  {
    name: 'finds the byte order mark only at the start of a chunk, and that of UTF-16, too',
    reads(_, chunks) {
      const mark = findMark(chunks)
      const before = Buffer.concat(chunks.slice(0, mark?.index))
      const after = Buffer.concat(chunks.slice(mark?.index ?? chunks.length))
      const start = new TextDecoder('utf-8', { ignoreBOM: true }).decode(before)
      return splitLines(start + new TextDecoder(mark?.encoding).decode(after))
    },
  },
  {
    name: 'forgets the id of a block without data, if no block with data follows',
    reads(lines) {
      const blocks = splitBlocks(lines)
      const last = blocks.findLastIndex(
        (block) => block.at(-1)?.text === '' && block.some((line) => isField(line, 'data')),
      )
      return blocks.flatMap((block, index) =>
        index <= last ? block : block.map((line) => (isField(line, 'id') ? ignored(line) : line)),
      )
    },
  },
  treatsEmptyRetryAsDefault,
  {
    name: 'accepts a reconnection time with a plus sign, or with space around it',
    reads: (lines) =>
      lines.map((line) => {
        const digits = isField(line, 'retry') ? /^[\t\v\f ]*\+?(\d+)[\t\v\f ]*$/.exec(fieldValue(line))?.[1] : undefined
        return digits === undefined ? line : { ...line, text: `retry:${digits}` }
      }),
  },
  ignoresLargeRetry,
]

const deviations: Readonly<Record<BrowserName, readonly Deviation[]>> = { chromium, firefox, webkit }

/** A deviation of its fetch, not of our client. */
const encodesHeaderBytes: Deviation = {
  name: 'encodes the bytes of a header again',
  sends: (header) => Buffer.from(header).toString('latin1'),
}

/** Returns the deviations of a client in the order in which they apply. */
export function deviationsOf(browser: BrowserName, client: ClientName): readonly Deviation[] {
  if (client === 'native') return deviations[browser]
  return browser === 'webkit' ? [encodesHeaderBytes] : []
}
