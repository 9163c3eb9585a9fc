import {
  closeSync,
  constants,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
} from 'node:fs'
import { writeFully } from './write-fully.ts'

/** What to do with the last line of a file if it has no line feed. */
export type Repair = 'leave' | 'end the line' | 'remove the line'

const lineFeed = 0x0a

/** The number of bytes that are read at a time. */
const chunkSize = 65_536

/** The maximum length of an unfinished line in bytes: more than any event has. */
const maxLineSize = 128 * 1_024 * 1_024

/** A file, device or pipe that text is appended to, without Node's buffers. */
export class AppendedFile {
  readonly #file: number
  /** The path that the file can be read at, if it is a file. */
  readonly #path: string
  readonly #isFile: boolean
  /** Whether every write goes to the end. Otherwise, shortening the file would leave a gap before the next write. */
  readonly #appends: boolean

  private constructor(file: number, path: string, appends: boolean) {
    this.#file = file
    this.#path = path
    this.#isFile = fstatSync(file).isFile()
    this.#appends = appends
  }

  /** Opens a file to append to, and creates it if there is none. */
  static open(path: string): AppendedFile {
    return new AppendedFile(openSync(path, 'a'), path, true)
  }

  /** Returns what standard output is redirected to. A file can be read, once it is opened again, on Linux only. */
  static standardOutput(): AppendedFile {
    return new AppendedFile(1, '/proc/self/fd/1', opensForAppending(1))
  }

  /** Repairs the last line, if it has no line feed and the file can be read. */
  repairLastLine(chooseRepair: (line: string) => Repair): void {
    const line = this.#isFile ? readUnfinishedLine(this.#path) : undefined
    if (!line?.length) return
    const repair = chooseRepair(line.toString())
    if (repair === 'remove the line' && this.#appends) this.#shorten(line.length)
    else if (repair !== 'leave') writeFully(this.#file, '\n')
  }

  /** Writes a text or bytes. If a text can only be written in part, as on a full disk, that part is removed again. */
  write(text: string | Uint8Array): void {
    const isWhole = typeof text === 'string' && this.#isFile && this.#appends
    writeFully(this.#file, text, (written) => {
      if (isWhole) this.#shorten(written)
    })
  }

  /** Waits until the disk has stored everything, if this is a file. */
  sync(): void {
    if (this.#isFile) fdatasyncSync(this.#file)
  }

  close(): void {
    if (this.#file !== 1) closeSync(this.#file)
  }

  #shorten(bytes: number): void {
    ftruncateSync(this.#file, fstatSync(this.#file).size - bytes)
  }
}

/** Returns the bytes after the last line feed; undefined if the file cannot be read. */
function readUnfinishedLine(path: string): Buffer | undefined {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch {
    return undefined
  }
  try {
    let line = Buffer.alloc(0)
    for (let end = fstatSync(file).size; end > 0 && line.length < maxLineSize; end -= chunkSize) {
      const start = Math.max(0, end - chunkSize)
      const chunk = Buffer.alloc(end - start)
      readSync(file, chunk, 0, chunk.length, start)
      const position = chunk.lastIndexOf(lineFeed)
      line = Buffer.concat([chunk.subarray(position + 1), line])
      if (position >= 0) break
    }
    return line
  } finally {
    closeSync(file)
  }
}

/** Whether a file descriptor was opened with O_APPEND, as by `>>` in a shell; known on Linux only. */
function opensForAppending(file: number): boolean {
  try {
    const [, flags = ''] = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${file}`, 'utf8')) ?? []
    return (Number.parseInt(flags, 8) & constants.O_APPEND) !== 0
  } catch {
    return false
  }
}
