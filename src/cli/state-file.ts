import { closeSync, constants, fstatSync, fsyncSync, openSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import process from 'node:process'
import { describeError } from '../error-message.ts'
import { Failure, UsageError } from './usage.ts'
import { writeWhole } from './write-whole.ts'

/** Nothing that a server takes as a request header is longer. */
const longestState = 65_536

/** How often at most an id is stored of which nothing was printed, in ms. */
const storeInterval = 1_000

/**
 * A file that holds the last event ID and a line feed. It is replaced as a whole, by a file beside it that the disk has
 * already, so that at any moment, and after a power failure too, it holds one id or the other. A symbolic link is not
 * followed: it is refused at first, and replaced, never written through, should it appear later.
 */
export class StateFile {
  readonly #path: string
  readonly #mode: number
  /** Undefined on Windows, which keeps directories for itself. */
  readonly #directory: number | undefined
  #stored: string | undefined
  #latest: string | undefined
  #storedAt = performance.now()

  private constructor(path: string, mode: number, directory: number | undefined, stored: string | undefined) {
    this.#path = path
    this.#mode = mode
    this.#directory = directory
    this.#stored = this.#latest = stored
  }

  /**
   * Reads the file, and finds out whether it can be written.
   * @throws UsageError
   */
  static open(path: string): StateFile {
    const { mode, lastEventId } = read(path)
    try {
      rmSync(temporary(path), { force: true })
      closeSync(openSync(temporary(path), 'wx', mode))
      rmSync(temporary(path))
      const directory = process.platform === 'win32' ? undefined : openSync(dirname(path), 'r')
      return new StateFile(path, mode, directory, lastEventId)
    } catch (error) {
      throw new UsageError(`--state: ${path} cannot be written: ${describeError(error)}`, { cause: error })
    }
  }

  /** What is stored; undefined if there is no file yet. */
  get lastEventId(): string | undefined {
    return this.#stored
  }

  /**
   * Returns once the disk has the id. Nothing is to be done meanwhile, and by way of promises it takes several times as
   * long.
   * @throws Failure
   */
  store(lastEventId: string): void {
    this.#latest = lastEventId
    this.#storedAt = performance.now()
    if (lastEventId === (this.#stored ?? '')) return
    try {
      const file = openSync(temporary(this.#path), 'wx', this.#mode)
      try {
        writeWhole(file, `${lastEventId}\n`)
        fsyncSync(file)
      } finally {
        closeSync(file)
      }
      renameSync(temporary(this.#path), this.#path)
      if (this.#directory !== undefined) fsyncSync(this.#directory)
    } catch (error) {
      // So that closing does not try again.
      this.#latest = undefined
      throw new Failure(`--state: ${this.#path} could not be written: ${describeError(error)}`, { cause: error })
    }
    this.#stored = lastEventId
  }

  /** Stores the id of an event that was not printed: now and then, and at the end, for nothing can be doubled. */
  storeNowAndThen(lastEventId: string): void {
    this.#latest = lastEventId
    if (performance.now() >= this.#storedAt + storeInterval) this.store(lastEventId)
  }

  close(): void {
    try {
      if (this.#latest !== undefined) this.store(this.#latest)
    } finally {
      if (this.#directory !== undefined) closeSync(this.#directory)
    }
  }
}

function temporary(path: string): string {
  return `${path}.everysource.tmp`
}

function read(path: string): { mode: number; lastEventId: string | undefined } {
  const mistake = (text: string, cause?: unknown): UsageError => new UsageError(`--state: ${path} ${text}`, { cause })
  let file: number
  try {
    // Not blocking, for a FIFO would wait for somebody to write.
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return { mode: 0o666, lastEventId: undefined }
    if (code === 'ELOOP') throw mistake('is a symbolic link, which is not followed; name the file itself', error)
    throw mistake(`cannot be read: ${describeError(error)}`, error)
  }
  try {
    const stats = fstatSync(file)
    if (!stats.isFile()) throw mistake('is not a regular file')
    const content = stats.size > longestState ? undefined : decode(readFileSync(file))
    if (content === undefined || !/^[^\0\r\n]*\n$/.test(content)) {
      throw mistake('does not hold one line of text, the last event ID; mend it, or remove it to begin anew')
    }
    return { mode: stats.mode & 0o777, lastEventId: content.slice(0, -1) }
  } finally {
    closeSync(file)
  }
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}
