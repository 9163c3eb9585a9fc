import process from 'node:process'
import { clearLine, cursorTo } from 'node:readline'

/** A line on standard error that says what is being done: rewritten on a terminal, a new one each time elsewhere. */
export interface Progress {
  /** Begins the next step. */
  step(text: string): void
  /** Takes the line away, before something else is printed. */
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
