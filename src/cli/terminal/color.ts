import process from 'node:process'
import type { WriteStream } from 'node:tty'
import { styleText } from 'node:util'

export type TextStyle = Parameters<typeof styleText>[0]

/** Styles a text if the stream is a terminal with colors and NO_COLOR is not set; otherwise returns it unchanged. */
export function colorize(text: string, style: TextStyle, stream: WriteStream | undefined): string {
  // hasColors() lets FORCE_COLOR override NO_COLOR.
  const hasColors = !process.env['NO_COLOR'] && stream?.isTTY && stream.hasColors()
  return hasColors ? styleText(style, text, { validateStream: false }) : text
}
