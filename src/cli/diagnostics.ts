import process from 'node:process'
import { type Format, paint } from './colour.ts'

/** How much is told: mistakes and losses only; what happens to the connection, too; every request and response. */
export type Verbosity = 'quiet' | 'normal' | 'verbose'

/** What is told on standard error: a text a line. */
export interface Diagnostics {
  /** Something is wrong, or the end. */
  error(text: string): void
  /** Something happened to the connection that it will get over. */
  notice(text: string): void
  /** What goes over the wire. */
  detail(text: string): void
}

export function createDiagnostics(verbosity: Verbosity): Diagnostics {
  const write = (text: string, format: Format): void => {
    // What a server says could else take hold of the terminal.
    const printable = text.replace(/\p{Cc}/gu, (character) => JSON.stringify(character).slice(1, -1))
    process.stderr.write(`${paint(printable, format, process.stderr)}\n`)
  }
  return {
    error: (text) => write(`everysource: ${text}`, 'red'),
    notice: (text) => {
      if (verbosity !== 'quiet') write(`everysource: ${text}`, 'yellow')
    },
    detail: (text) => {
      if (verbosity === 'verbose') write(text, 'dim')
    },
  }
}
