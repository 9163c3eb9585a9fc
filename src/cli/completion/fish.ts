import type { Option, Options } from '../command-line/command-line.ts'
import { defaultOptions, namedCommands, optionSummary } from './commands.ts'

/** Creates the completion script for fish. */
export function createFishCompletion(): string {
  const names = Object.keys(namedCommands).join(' ')
  const isDefault = `not __fish_seen_subcommand_from ${names}`
  const lines = [
    '# Completion of everysource for fish: everysource completion fish | source',
    'complete -c everysource -f',
    ...Object.entries(namedCommands).map(
      ([name, { summary }]) => `complete -c everysource -n __fish_use_subcommand -a ${name} -d ${quote(summary)}`,
    ),
    ...createOptions(isDefault, defaultOptions),
    ...Object.entries(namedCommands).flatMap(([name, { options, words = [] }]) => {
      const condition = `__fish_seen_subcommand_from ${name}`
      const operands =
        words.length > 0 ? [`complete -c everysource -n ${quote(condition)} -a ${quote(words.join(' '))}`] : []
      return [...operands, ...createOptions(condition, options)]
    }),
  ]
  return `${lines.join('\n')}\n`
}

function createOptions(condition: string, options: Options): string[] {
  return Object.entries(options).map(([name, option]) => {
    const short = option.short ? ` -s ${option.short}` : ''
    const description = quote(optionSummary(option))
    return `complete -c everysource -n ${quote(condition)} -l ${name}${short}${createArgument(option)} -d ${description}`
  })
}

function createArgument({ type, value, choices }: Option): string {
  if (type === 'boolean') return ''
  if (choices) return ` -x -a ${quote(choices.join(' '))}`
  return value === 'FILE' ? ' -r -F' : ' -x'
}

function quote(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`
}
