#!/usr/bin/env node
import process from 'node:process'
import { createDiagnostics } from './diagnostics.ts'
import { listen } from './listen.ts'
import { exitCodes, Failure, UsageError } from './usage.ts'

type Command = (commandLine: readonly string[]) => Promise<number>

/** What the first argument may name; without such a word, it is `listen`. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  listen: async () => listen,
  demo: async () => (await import('./demo.ts')).demo,
  doctor: async () => (await import('./doctor/doctor.ts')).doctor,
}

// Whoever reads a help text, say `head`, may have seen enough; who writes events listens for it, too.
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
    if (!(error instanceof UsageError || error instanceof Failure)) throw error
    createDiagnostics('normal').error(error.message)
    return error instanceof UsageError ? exitCodes.usage : exitCodes.failed
  }
}
