import type { Option, Options } from '../command-line/command-line.ts'
import { defaultOptions, namedCommands, optionForms } from './commands.ts'

/** Creates the completion script for bash. */
export function createBashCompletion(): string {
  const tables = [defaultOptions, ...Object.values(namedCommands).map(({ options }) => options)]
  const options = new Map(tables.flatMap((table) => Object.entries(table)))
  const formsOf = (isMatch: (option: Option) => boolean): string =>
    [...options].flatMap(([name, option]) => (isMatch(option) ? optionForms(name, option) : [])).join('|')
  const choices = [...options].flatMap(([name, option]) =>
    option.choices ? `    ${optionForms(name, option).join('|')}) words='${option.choices.join(' ')}' ;;` : [],
  )
  const commands = Object.entries(namedCommands).map(([name, { options, words = [] }]) => {
    return `      ${name}) words='${[...words, ...allForms(options)].join(' ')}' ;;`
  })
  return `# Completion of everysource for bash: source <(everysource completion bash)
_everysource() {
  local current=\${COMP_WORDS[COMP_CWORD]} index=$COMP_CWORD previous= prefix= words=
  # Bash makes words of = and @, too, unless COMP_WORDBREAKS lacks them; a completion has to repeat the @ then.
  if [[ $current == [=@] || $current == =@ ]]; then current=; else (( index-- )); fi
  while [[ \${COMP_WORDS[index]} == [=@] || \${COMP_WORDS[index]} == =@ ]]; do
    prefix=\${COMP_WORDS[index]#=}$prefix
    (( index-- ))
  done
  previous=\${COMP_WORDS[index]}
  if [[ $current == --*=* ]]; then previous=\${current%%=*} prefix=\${current%%=*}= current=\${current#*=}; fi
  if [[ $current == @* ]]; then prefix+=@ current=\${current#@}; fi
  case $previous in
    ${formsOf(({ value }) => value === 'FILE')}) COMPREPLY=($(compgen -P "$prefix" -f -- "$current")); return ;;
    ${formsOf(({ value }) => value?.includes('@FILE') ?? false)})
      if [[ $prefix == *@ ]]; then COMPREPLY=($(compgen -P "$prefix" -f -- "$current")); fi
      return ;;
${choices.join('\n')}
    ${formsOf(({ type, value, choices }) => type === 'string' && !value?.includes('FILE') && !choices)}) return ;;
  esac
  if [[ -z $words ]]; then
    case \${COMP_WORDS[1]} in
${commands.join('\n')}
      *) words='${allForms(defaultOptions).join(' ')}' ;;
    esac
    if (( COMP_CWORD == 1 )); then words+=' ${Object.keys(namedCommands).join(' ')}'; fi
  fi
  COMPREPLY=($(compgen -P "$prefix" -W "$words" -- "$current"))
}
complete -F _everysource everysource
`
}

function allForms(options: Options): string[] {
  return Object.entries(options).flatMap(([name, option]) => optionForms(name, option))
}
