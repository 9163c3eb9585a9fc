#!/usr/bin/env node
import { findClosestMatch } from './command-line/closest-match.ts'
import { OperationalError, UsageError } from './command-line/errors.ts'
import { exitCodes } from './command-line/exit-codes.ts'
import { listen } from './listen/listen.ts'
import { resolveColorVariables } from './terminal/color-environment.ts'
import { createDiagnostics } from './terminal/diagnostics.ts'

type Command = (commandLine: readonly string[]) => Promise<number>

/** The commands by their names; without a name, the command is `listen`. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  listen: async () => listen,
  demo: async () => (await import('./demo/demo.ts')).demo,
  doctor: async () => (await import('./doctor/doctor.ts')).doctor,
  completion: async () => (await import('./completion/completion.ts')).completion,
  help: async () => help,
}

resolveColorVariables(process.env)
// A reader such as `head` may close the pipe early. Code that writes events handles that error itself.
process.stdout.on('error', () => {})
process.stderr.on('error', () => {})
process.exitCode = await main(process.argv.slice(2))

async function main(commandLine: readonly string[]): Promise<number> {
  const [name = '', ...rest] = commandLine
  try {
    if (!isWord(name)) return await listen(commandLine)
    const command = await findCommand(name)
    return await command(rest)
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof OperationalError)) throw error
    createDiagnostics('normal').error(error.message)
    return error instanceof UsageError ? exitCodes.usage : exitCodes.failed
  }
}

/** Whether an argument can only be the name of a command. Host names have dots or ports, except for `localhost`. */
function isWord(argument: string): boolean {
  return /^[a-z]+$/i.test(argument) && argument !== 'localhost'
}

/** @throws UsageError */
async function findCommand(name: string): Promise<Command> {
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (load) return await load()
  const suggestion = findClosestMatch(name, Object.keys(commands))
  const hint = suggestion ? `did you mean ${suggestion}?` : 'see --help'
  throw new UsageError(`${JSON.stringify(name)} is neither a command nor a URL; ${hint}`)
}

/** Shows the help of a command, or of the whole program. */
async function help([name = 'listen']: readonly string[]): Promise<number> {
  const command = await findCommand(name === 'help' ? 'listen' : name)
  return await command(['--help'])
}
