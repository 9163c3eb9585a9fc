import process from 'node:process'
import { clearLine, cursorTo } from 'node:readline'

/** A progress line on standard error. It is overwritten on a terminal; elsewhere, each step is a new line. */
export interface Progress {
  /** Begins the next step. */
  step(text: string): void
  /** Clears the line before other output. */
  clear(): void
}

export function startProgress(title: string, steps: number): Progress {
  const { stderr } = process
  let current = 0
  const clear = (): void => {
    if (!stderr.isTTY) return
    clearLine(stderr, 0)
    cursorTo(stderr, 0)
  }
  return {
    step(text) {
      clear()
      stderr.write(`${title}, ${++current} of ${steps}: ${text}${stderr.isTTY ? '' : '\n'}`)
    },
    clear,
  }
}
