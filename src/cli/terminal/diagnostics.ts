import { colorize, type TextStyle } from './color.ts'
import { escapeControls } from './escape-controls.ts'
import { formatTime } from './time-of-day.ts'

/** What is reported: `quiet` reports errors only, `normal` also interruptions, `verbose` also requests and responses. */
export type Verbosity = 'quiet' | 'normal' | 'verbose'

/** What messages begin with: the name of the command, or the time, to go with events that people read. */
export type MessagePrefix = 'name' | 'time'

/** The messages on standard error, a line each. */
export interface Diagnostics {
  /** Reports a mistake, a loss, or why the command ends. */
  error(text: string): void
  /** Reports something that the command recovers from, such as an interruption. */
  notice(text: string): void
  /** Reports a success, such as a connection; only to people. */
  success(text: string): void
  /** Reports a part of a request or a response. */
  detail(text: string): void
  /** Reports numbers that --stats asks for, with any verbosity. */
  statistics(text: string): void
}

export function createDiagnostics(verbosity: Verbosity, prefix: MessagePrefix = 'name'): Diagnostics {
  const write = (text: string, style: TextStyle): void => {
    process.stderr.write(`${colorize(escapeControls(text), style, process.stderr)}\n`)
  }
  const writeMessage = (text: string, style: TextStyle): void => {
    write(prefix === 'name' ? `everysource: ${text}` : `${formatTime(new Date())}  ${text}`, style)
  }
  return {
    error: (text) => writeMessage(text, 'red'),
    notice: (text) => {
      if (verbosity !== 'quiet') writeMessage(text, 'yellow')
    },
    success: (text) => {
      if (verbosity !== 'quiet' && prefix === 'time') writeMessage(text, 'green')
    },
    detail: (text) => {
      if (verbosity === 'verbose') write(text, 'dim')
    },
    statistics: (text) => writeMessage(text, 'dim'),
  }
}
