import { closeSync, fdatasyncSync, fstatSync, openSync } from 'node:fs'
import { Socket } from 'node:net'
import type { WriteStream } from 'node:tty'
import { describeError } from '../error-message.ts'
import { OperationalError, UsageError } from './command-line/errors.ts'
import { writeFully } from './write-fully.ts'

/** Standard output or a file, where a caller can wait until each text has been written. */
export interface Output {
  /** The terminal that the output is shown on; undefined if it is a file or a pipe. */
  readonly terminal: WriteStream | undefined
  /**
   * Writes a text or bytes. While the promise is pending, the reader is slow.
   * @returns true once the text was handed to the operating system; false if the reader has closed the pipe
   * @throws OperationalError if writing fails for another reason, such as a full disk
   */
  write(text: string | Uint8Array): Promise<boolean>
  /** Waits until the disk has stored everything, if the output is a file. */
  sync(): void
  close(): void
}

/** The error codes of a pipe, or a socket, that the reader has closed. */
const closedPipeCodes = new Set<unknown>(['EPIPE', 'ECONNRESET', 'ERR_STREAM_DESTROYED'])

/**
 * Opens standard output, or a file to append to.
 * @throws UsageError if the file cannot be opened
 */
export function openOutput(path?: string): Output {
  const file = path === undefined ? 1 : openFile(path)
  const name = path === undefined ? 'standard output' : `--output: cannot write ${path}`
  const isFile = fstatSync(file).isFile()
  const { stdout } = process
  // Node's own stream for a file does not notice that a disk took only a part of the text.
  const write =
    file === 1 && stdout instanceof Socket
      ? streamWriter(stdout)
      : async (text: string | Uint8Array) => writeFully(file, text)
  return {
    terminal: file === 1 && stdout.isTTY ? stdout : undefined,
    async write(text) {
      try {
        await write(text)
        return true
      } catch (error) {
        if (closedPipeCodes.has((error as NodeJS.ErrnoException).code)) return false
        throw new OperationalError(`${name}: ${describeError(error)}`, { cause: error })
      }
    },
    sync() {
      if (isFile) fdatasyncSync(file)
    },
    close() {
      if (file !== 1) closeSync(file)
    },
  }
}

function openFile(path: string): number {
  try {
    return openSync(path, 'a')
  } catch (error) {
    throw new UsageError(`--output: cannot open ${path}: ${describeError(error)}`, { cause: error })
  }
}

/** Writes to a pipe or a terminal without blocking the event loop while it is full. */
function streamWriter(stream: Socket): (text: string | Uint8Array) => Promise<void> {
  // The callback of `write` gets the same error.
  stream.on('error', () => {})
  return (text) =>
    new Promise((resolve, reject) => {
      stream.write(text, (error) => (error ? reject(error) : resolve()))
    })
}
