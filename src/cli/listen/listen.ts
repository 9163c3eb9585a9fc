import { parseCommandLine } from '../command-line/command-line.ts'
import { exitCodes } from '../command-line/exit-codes.ts'
import { formatOptions } from '../command-line/help-text.ts'
import { requestOptions } from '../endpoint/request-options.ts'
import { readVersion } from '../version.ts'
import { generalOptions, listenOptions, outputOptions, reconnectionOptions } from './listen-options.ts'

const help = `Usage: everysource [options] URL
       everysource doctor [options] URL
       everysource demo [options]
       everysource completion bash|zsh|fish
       everysource help [command]

Receives server-sent events and prints them: on a terminal for people, elsewhere as a line of JSON each,
{"event":…,"id":…,"data":…}. Reconnects with the last event ID after a lost connection, and after the end of a
response to GET.

${formatOptions([
  ['Request', requestOptions],
  ['Output', outputOptions],
  ['Reconnection', reconnectionOptions],
  ['Other', generalOptions],
])}
Exit codes: ${exitCodes.ended} ended, by SIGTERM or a closed pipe too; ${exitCodes.failed} failed on this machine; ${exitCodes.usage} invalid command line;
${exitCodes.refused} refused by the server; ${exitCodes.gaveUp} gave up after --max-attempts; ${exitCodes.interrupted} interrupted by Ctrl-C.
`

/**
 * Answers --help and --version at once; what receives events is loaded only if it is needed.
 * @returns the exit code
 */
export async function listen(commandLine: readonly string[]): Promise<number> {
  const given = parseCommandLine(commandLine, listenOptions)
  const { help: needsHelp, version: needsVersion } = given.values
  if (needsHelp || needsVersion) {
    process.stdout.write(needsHelp ? help : `${readVersion()}\n`)
    return exitCodes.ended
  }
  const { receiveEvents } = await import('./receive-events.ts')
  return receiveEvents(given)
}
