import process from 'node:process'
import type { WriteStream } from 'node:tty'
import { styleText } from 'node:util'

export type Format = Parameters<typeof styleText>[0]

/** Formats text for a terminal that has colours, unless NO_COLOR is set; elsewhere it stays as it is. */
export function paint(text: string, format: Format, stream: WriteStream): string {
  // hasColors() lets FORCE_COLOR outdo NO_COLOR.
  const coloured = !process.env['NO_COLOR'] && stream.isTTY && stream.hasColors()
  return coloured ? styleText(format, text, { validateStream: false }) : text
}
