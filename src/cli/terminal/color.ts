import type { WriteStream } from 'node:tty'
import type { styleText } from 'node:util'

export type TextStyle = Parameters<typeof styleText>[0]

/** Styles a text if the stream is a terminal with colors, as the variables say; otherwise returns it unchanged. */
export function colorize(text: string, style: TextStyle, stream: WriteStream | undefined): string {
  if (!stream?.isTTY || !stream.hasColors()) return text
  // This is not imported, because an import takes longer (version.ts).
  return process.getBuiltinModule('node:util').styleText(style, text, { validateStream: false })
}
