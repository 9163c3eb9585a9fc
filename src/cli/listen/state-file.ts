import { closeSync, constants, fstatSync, fsyncSync, openSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { describeError } from '../../error-message.ts'
import { OperationalError, UsageError } from '../command-line/errors.ts'
import { writeFully } from '../write-fully.ts'

/** The maximum size of a state file in bytes. Servers do not accept longer request headers. */
const maxStateSize = 65_536

/** The minimum time in ms between two writes for events that were not printed. */
const storeInterval = 1_000

/**
 * A file that holds the last event ID and a line feed. It is replaced atomically, by a temporary file that was flushed
 * to the disk, so that it always holds a complete ID, after a power failure too. Symbolic links are not followed: a link
 * that exists at the start is refused, and one that appears later is replaced.
 */
export class StateFile {
  readonly #path: string
  readonly #mode: number
  /** The open directory of the file; undefined on Windows, which cannot open directories. */
  readonly #directory: number | undefined
  /** The ID in the file; undefined if there is no file yet. */
  #stored: string | undefined
  /** The ID to store when the file is closed; undefined if there is none, or if storing it has failed. */
  #latest: string | undefined
  #storedAt = performance.now()

  private constructor(path: string, mode: number, directory: number | undefined, stored: string | undefined) {
    this.#path = path
    this.#mode = mode
    this.#directory = directory
    this.#stored = this.#latest = stored
  }

  /**
   * Reads the file, and checks that it can be written.
   * @throws UsageError
   */
  static open(path: string): StateFile {
    const { mode, lastEventId } = read(path)
    try {
      rmSync(temporaryPath(path), { force: true })
      closeSync(openSync(temporaryPath(path), 'wx', mode))
      rmSync(temporaryPath(path))
      const directory = process.platform === 'win32' ? undefined : openSync(dirname(path), 'r')
      return new StateFile(path, mode, directory, lastEventId)
    } catch (error) {
      throw new UsageError(`--state: cannot write ${path}: ${describeError(error)}`, { cause: error })
    }
  }

  /** The stored ID; undefined if there is no file yet. */
  get lastEventId(): string | undefined {
    return this.#stored
  }

  /**
   * Stores an ID, and returns once the disk has it. It is synchronous, because there is nothing else to do in the
   * meantime, and promises would take several times as long.
   * @throws OperationalError
   */
  store(lastEventId: string): void {
    this.#latest = lastEventId
    this.#storedAt = performance.now()
    if (lastEventId === (this.#stored ?? '')) return
    try {
      const file = openSync(temporaryPath(this.#path), 'wx', this.#mode)
      try {
        writeFully(file, `${lastEventId}\n`)
        fsyncSync(file)
      } finally {
        closeSync(file)
      }
      renameSync(temporaryPath(this.#path), this.#path)
      if (this.#directory !== undefined) fsyncSync(this.#directory)
    } catch (error) {
      // Closing must not try again.
      this.#latest = undefined
      throw new OperationalError(`--state: cannot write ${this.#path}: ${describeError(error)}`, { cause: error })
    }
    this.#stored = lastEventId
  }

  /**
   * Stores the ID of an event that was not printed, at most once per second and when the file is closed: such an event
   * may come again.
   */
  storeOccasionally(lastEventId: string): void {
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

function temporaryPath(path: string): string {
  return `${path}.everysource.tmp`
}

function read(path: string): { mode: number; lastEventId: string | undefined } {
  const mistake = (text: string, cause?: unknown): UsageError => new UsageError(`--state: ${path} ${text}`, { cause })
  let file: number
  try {
    // Non-blocking: opening a FIFO would otherwise wait for a writer.
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return { mode: 0o666, lastEventId: undefined }
    if (code === 'ELOOP') throw mistake('is a symbolic link, which is not followed; give the path of the file', error)
    throw mistake(`cannot be read: ${describeError(error)}`, error)
  }
  try {
    const stats = fstatSync(file)
    if (!stats.isFile()) throw mistake('is not a regular file')
    const content = stats.size > maxStateSize ? undefined : decode(readFileSync(file))
    // Other programs may write an ID without a line feed. An empty file is more likely to be a mistake than an empty ID.
    if (content === undefined || !/^([^\0\r\n]*\n|[^\0\r\n]+)$/.test(content)) {
      throw mistake('does not hold one line of text, the last event ID; correct it, or delete it to start over')
    }
    return { mode: stats.mode & 0o777, lastEventId: content.replace(/\n$/, '') }
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
