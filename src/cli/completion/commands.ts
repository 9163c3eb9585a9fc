import type { Option, Options } from '../command-line/command-line.ts'
import { demoOptions } from '../demo/demo-options.ts'
import { doctorOptions } from '../doctor/doctor-options.ts'
import { listenOptions } from '../listen/listen-options.ts'

/** The shells that there are completions for. */
export const shells = ['bash', 'zsh', 'fish'] as const

export type Shell = (typeof shells)[number]

export interface CompletedCommand {
  readonly summary: string
  readonly options: Options
  /** The words that may follow the name of the command; a URL if there are none. */
  readonly words?: readonly string[]
}

/** The options without the name of a command. */
export const defaultOptions: Options = listenOptions

/** The commands that have a name. */
export const namedCommands: Readonly<Record<string, CompletedCommand>> = {
  doctor: { summary: 'check an endpoint', options: doctorOptions },
  demo: { summary: 'show how a failing feed is handled', options: demoOptions, words: [] },
  completion: { summary: 'print a completion script', options: {}, words: shells },
  help: { summary: 'show help', options: {}, words: ['doctor', 'demo', 'completion'] },
}

/** Returns the forms of an option, such as `-H` and `--header`. */
export function optionForms(name: string, { short }: Option): string[] {
  return [...(short ? [`-${short}`] : []), `--${name}`]
}

/** Returns the beginning of an option's description, on one line. */
export function optionSummary({ help }: Option): string {
  return help.replaceAll('\n', ' ').replace(/(; |: | \().*/, '')
}
