import process from 'node:process'
import { colorize, type TextStyle } from './color.ts'
import { escapeControls } from './escape-controls.ts'

/** What is reported: `quiet` reports errors only, `normal` also interruptions, `verbose` also requests and responses. */
export type Verbosity = 'quiet' | 'normal' | 'verbose'

/** The messages on standard error, a line each. */
export interface Diagnostics {
  /** Reports a mistake, a loss, or why the command ends. */
  error(text: string): void
  /** Reports something that the command recovers from, such as an interruption. */
  notice(text: string): void
  /** Reports a part of a request or a response. */
  detail(text: string): void
}

export function createDiagnostics(verbosity: Verbosity): Diagnostics {
  const write = (text: string, style: TextStyle): void => {
    process.stderr.write(`${colorize(escapeControls(text), style, process.stderr)}\n`)
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
