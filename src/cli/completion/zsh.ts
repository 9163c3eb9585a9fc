import type { Option, Options } from '../command-line/command-line.ts'
import { type CompletedCommand, defaultOptions, namedCommands, optionForms, optionSummary } from './commands.ts'

/** Creates the completion script for zsh: a file in `$fpath`, or sourced after `compinit`. */
export function createZshCompletion(): string {
  const descriptions = Object.entries(namedCommands).map(([name, { summary }]) => `    '${name}:${summary}'`)
  const cases = Object.entries(namedCommands).map(
    ([name, command]) => `    ${name}) shift words; (( CURRENT-- )); ${createArguments(command)} ;;`,
  )
  return `#compdef everysource
# Completion of everysource for zsh: source <(everysource completion zsh)
_everysource() {
  local -a commands=(
${descriptions.join('\n')}
  )
  if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then
    _describe command commands
    _urls
    return
  fi
  case $words[2] in
${cases.join('\n')}
    *) ${createArguments({ options: defaultOptions })} ;;
  esac
}
if [[ $funcstack[1] == _everysource ]]; then
  _everysource "$@"
else
  compdef _everysource everysource
fi
`
}

/** Creates the call of _arguments for the options and operands of a command. */
function createArguments({ options, words }: Pick<CompletedCommand, 'options' | 'words'>): string {
  const operand = words ? quote(`1:word:(${words.join(' ')})`) : quote('1:URL:_urls')
  return ['_arguments -s', ...createSpecifications(options), operand].join(' \\\n      ')
}

function createSpecifications(options: Options): string[] {
  return Object.entries(options).map(([name, option]) => {
    // The equals sign allows --name=value, too.
    const forms = optionForms(name, option).map((form) =>
      option.type === 'string' && form.startsWith('--') ? `${form}=` : form,
    )
    const exclusion = option.multiple ? '*' : `(${optionForms(name, option).join(' ')})`
    const action = `[${escapeSpecification(optionSummary(option))}]${createAction(option)}`
    return forms.length === 1
      ? quote(`${exclusion}${forms[0]}${action}`)
      : `${quote(exclusion)}{${forms.join(',')}}${quote(action)}`
  })
}

function createAction({ type, value = '', choices }: Option): string {
  if (type === 'boolean') return ''
  if (choices) return `:${escapeSpecification(value)}:(${choices.join(' ')})`
  return `:${escapeSpecification(value)}:${createFileAction(value)}`
}

/** Completes file names, after @ if the value is a file only then. */
function createFileAction(value: string): string {
  if (value === 'FILE') return '_files'
  return value.includes('@FILE') ? '{ compset -P @ && _files }' : ''
}

/** Escapes the characters that have a meaning in the specifications of _arguments. */
function escapeSpecification(text: string): string {
  return text.replace(/[[\]:\\]/g, '\\$&')
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
