import { Socket } from 'node:net'
import type { WriteStream } from 'node:tty'
import { describeError } from '../error-message.ts'
import { AppendedFile, type Repair } from './appended-file.ts'
import { OperationalError, UsageError } from './command-line/errors.ts'

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
 * @param path the path of the file; undefined for standard output
 * @param chooseRepair a function that decides about the last line of a file, if it has no line feed
 * @throws UsageError if the file cannot be opened
 * @throws OperationalError if its last line cannot be repaired
 */
export function openOutput(path?: string, chooseRepair?: (line: string) => Repair): Output {
  const { stdout } = process
  const usesStream = path === undefined && stdout instanceof Socket
  const name = path === undefined ? 'standard output' : `--output: cannot write ${path}`
  const failure = (error: unknown): OperationalError =>
    new OperationalError(`${name}: ${describeError(error)}`, { cause: error })
  const file = path === undefined ? AppendedFile.standardOutput() : openFile(path)
  try {
    if (chooseRepair) file.repairLastLine(chooseRepair)
  } catch (error) {
    throw failure(error)
  }
  // Node's own stream for a file does not notice that a disk took only a part of the text.
  const write = usesStream ? streamWriter(stdout) : async (text: string | Uint8Array) => file.write(text)
  return {
    terminal: path === undefined && stdout.isTTY ? stdout : undefined,
    async write(text) {
      try {
        await write(text)
        return true
      } catch (error) {
        if (closedPipeCodes.has((error as NodeJS.ErrnoException).code)) return false
        throw failure(error)
      }
    },
    sync: () => file.sync(),
    close: () => file.close(),
  }
}

function openFile(path: string): AppendedFile {
  try {
    return AppendedFile.open(path)
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
