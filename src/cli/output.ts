import { fdatasyncSync, fstatSync } from 'node:fs'
import { Socket } from 'node:net'
import process from 'node:process'
import { describeError } from '../error-message.ts'
import { Failure } from './usage.ts'
import { writeWhole } from './write-whole.ts'

/** Standard output, where each text is really written before the next one is asked for. */
export interface Output {
  /**
   * Resolves once the text is out of our hands: with true, or with false if nobody reads any more. While it is pending,
   * the reader is behind.
   * @throws Failure if it cannot be written for another reason, say a full disk
   */
  write(text: string): Promise<boolean>
  /** Where it is a file: waits until the disk has it. */
  sync(): void
}

/** What a pipe, or a socket, whose reader has gone says. */
const readerIsGone = new Set<unknown>(['EPIPE', 'ECONNRESET', 'ERR_STREAM_DESTROYED'])

export function openOutput(): Output {
  const { stdout } = process
  const isFile = fstatSync(1).isFile()
  // Node's own stream for a file would not notice that a disk took a part of the text only.
  const write = stdout instanceof Socket ? toStream(stdout) : async (text: string) => writeWhole(1, text)
  return {
    async write(text) {
      try {
        await write(text)
        return true
      } catch (error) {
        if (readerIsGone.has((error as NodeJS.ErrnoException).code)) return false
        throw new Failure(`standard output: ${describeError(error)}`, { cause: error })
      }
    },
    sync() {
      if (isFile) fdatasyncSync(1)
    },
  }
}

/** A pipe or a terminal: the event loop goes on while it is full. */
function toStream(stream: Socket): (text: string) => Promise<void> {
  // The write's own callback gets it as well.
  stream.on('error', () => {})
  return (text) =>
    new Promise((resolve, reject) => {
      stream.write(text, (error) => (error ? reject(error) : resolve()))
    })
}
