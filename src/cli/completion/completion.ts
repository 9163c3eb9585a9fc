import { commonOptions, parseCommandLine } from '../command-line/command-line.ts'
import { UsageError } from '../command-line/errors.ts'
import { exitCodes } from '../command-line/exit-codes.ts'
import { createBashCompletion } from './bash.ts'
import { type Shell, shells } from './commands.ts'
import { createFishCompletion } from './fish.ts'
import { createZshCompletion } from './zsh.ts'

const help = `Usage: everysource completion bash|zsh|fish

Prints a script that completes commands and options in a shell:

  bash  source <(everysource completion bash)        in ~/.bashrc
  zsh   source <(everysource completion zsh)         in ~/.zshrc, after compinit
  fish  everysource completion fish | source         in ~/.config/fish/config.fish
`

const scripts: Readonly<Record<Shell, () => string>> = {
  bash: createBashCompletion,
  zsh: createZshCompletion,
  fish: createFishCompletion,
}

/**
 * @returns the exit code
 * @throws UsageError
 */
export async function completion(commandLine: readonly string[]): Promise<number> {
  const { values, operands } = parseCommandLine(commandLine, commonOptions)
  if (values.help) {
    process.stdout.write(help)
    return exitCodes.ended
  }
  const shell = shells.find((each) => each === operands[0])
  if (!shell || operands.length > 1)
    throw new UsageError(`expected a shell: everysource completion ${shells.join('|')}`)
  process.stdout.write(scripts[shell]())
  return exitCodes.ended
}
