#!/usr/bin/env node
import process from 'node:process'
import { OperationalError, UsageError } from './command-line/errors.ts'
import { exitCodes } from './command-line/exit-codes.ts'
import { listen } from './listen/listen.ts'
import { createDiagnostics } from './terminal/diagnostics.ts'

type Command = (commandLine: readonly string[]) => Promise<number>

/** The commands by their names; without a name, the command is `listen`. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  listen: async () => listen,
  demo: async () => (await import('./demo/demo.ts')).demo,
  doctor: async () => (await import('./doctor/doctor.ts')).doctor,
}

// A reader such as `head` may close the pipe early. Code that writes events handles that error itself.
process.stdout.on('error', () => {})
process.stderr.on('error', () => {})
process.exitCode = await main(process.argv.slice(2))

async function main(commandLine: readonly string[]): Promise<number> {
  const [name = '', ...rest] = commandLine
  try {
    if (!Object.hasOwn(commands, name)) return await listen(commandLine)
    const command = await commands[name]?.()
    return (await command?.(rest)) ?? exitCodes.failed
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof OperationalError)) throw error
    createDiagnostics('normal').error(error.message)
    return error instanceof UsageError ? exitCodes.usage : exitCodes.failed
  }
}
