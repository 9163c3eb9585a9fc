import type { BrowserName } from '../browsers.ts'
import { fieldValue, ignored, isField, type Line, splitBlocks, splitLines } from './lines.ts'
import type { ClientName } from './observation.ts'

/** What a client is known to do otherwise than the standard says. */
export interface Deviation {
  /** What it does, as a sentence without its subject. */
  readonly name: string
  /** The lines that the standard would take as the client takes the given ones. */
  readonly reads?: (lines: readonly Line[], chunks: readonly Uint8Array[]) => readonly Line[]
  /** The bytes that the client sends as a header instead of the given ones, each as one character. */
  readonly sends?: (header: string) => string
}

/** Stands for a NUL in the id of an event, which the standard does not let in. */
export const keptNul = '\uE000'

/** The greatest integer of 64 bits. */
const greatestInteger = 2n ** 64n - 1n

function isLargeInteger(digits: string): boolean {
  return /^\d+$/.test(digits) && BigInt(digits) > greatestInteger
}

function startsWithMark(bytes: Uint8Array): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
}

const takesEmptyRetryForDefault: Deviation = {
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
    name: 'takes a line end right after the byte order mark for a part of the line after it',
    reads(lines, chunks) {
      const [first, second, ...rest] = lines
      if (first?.text !== '' || !startsWithMark(Buffer.concat(chunks))) return lines
      // Of both characters of a line end only the first one is taken so.
      if (first.end === '\r\n') return [{ ...first, text: '\uFFFD' }, ...lines.slice(1)]
      return second === undefined ? [] : [{ ...second, text: `\uFFFD${second.text}` }, ...rest]
    },
  },
  takesEmptyRetryForDefault,
  ignoresLargeRetry,
]

const firefox: readonly Deviation[] = [
  {
    name: 'skips NUL at the beginning of a line, unless CR alone ends the one before',
    reads: (lines) =>
      lines.map((line, index) =>
        lines[index - 1]?.end.endsWith('\n') ? { ...line, text: line.text.replace(/^\0+/, '') } : line,
      ),
  },
  {
    name: 'lets the field after an "id" with NUL go as well',
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
    name: 'takes an "id" that begins with NUL',
    reads: (lines) => lines.map((line) => ({ ...line, text: line.text.replace(/^id:\0/, `id:${keptNul}`) })),
  },
  {
    name: 'leaves NUL out of values, but for a first one',
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
    name: 'takes an empty "retry" for 0',
    reads: (lines) =>
      lines.map((line) => (isField(line, 'retry') && fieldValue(line) === '' ? { ...line, text: 'retry:0' } : line)),
  },
  {
    name: 'counts reconnection times with 32 bits',
    reads: (lines) =>
      lines.map((line) => {
        if (!isField(line, 'retry') || !/^\d+$/.test(fieldValue(line))) return line
        return { ...line, text: `retry:${BigInt.asUintN(32, BigInt(fieldValue(line)))}` }
      }),
  },
]

/** WebKit looks for a mark at the start of each chunk until one was large enough to hold it. */
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
  takesEmptyRetryForDefault,
  {
    name: 'takes a reconnection time with a plus sign, or with space around it',
    reads: (lines) =>
      lines.map((line) => {
        const digits = isField(line, 'retry') ? /^[\t\v\f ]*\+?(\d+)[\t\v\f ]*$/.exec(fieldValue(line))?.[1] : undefined
        return digits === undefined ? line : { ...line, text: `retry:${digits}` }
      }),
  },
  ignoresLargeRetry,
]

const deviations: Readonly<Record<BrowserName, readonly Deviation[]>> = { chromium, firefox, webkit }

/** That of its fetch, not ours. */
const encodesHeaderBytes: Deviation = {
  name: 'encodes the bytes of a header once more',
  sends: (header) => Buffer.from(header).toString('latin1'),
}

/** In the order in which they are to be applied. */
export function deviationsOf(browser: BrowserName, client: ClientName): readonly Deviation[] {
  if (client === 'native') return deviations[browser]
  return browser === 'webkit' ? [encodesHeaderBytes] : []
}
