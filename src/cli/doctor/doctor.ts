import process from 'node:process'
import { parseCommandLine, parseSeconds } from '../command-line/command-line.ts'
import { UsageError } from '../command-line/errors.ts'
import { exitCodes } from '../command-line/exit-codes.ts'
import { formatOptions } from '../command-line/help-text.ts'
import { createEndpoint } from '../endpoint/endpoint.ts'
import { redactUrl } from '../endpoint/redact.ts'
import { requestOptions } from '../endpoint/request-options.ts'
import { openOutput } from '../output.ts'
import { createDiagnostics } from '../terminal/diagnostics.ts'
import { runChecks } from './checks.ts'
import { checkOptions, doctorOptions } from './doctor-options.ts'
import type { Examination } from './examination.ts'
import { examine } from './examine.ts'
import { formatJson, formatText, type ReportSubject } from './report.ts'

const help = `Usage: everysource doctor [options] URL

Checks an endpoint that serves server-sent events. Prints a line for each check: what was found, and how to fix it.

${formatOptions([
  ['Checks', checkOptions],
  ['Request', requestOptions],
])}
Exit codes: ${exitCodes.ended} no check failed; ${exitCodes.failed} a check failed, or the command failed; ${exitCodes.usage} invalid command line.
`

/**
 * @returns the exit code
 * @throws UsageError, OperationalError
 */
export async function doctor(commandLine: readonly string[]): Promise<number> {
  const { values, operands } = parseCommandLine(commandLine, doctorOptions)
  const output = openOutput()
  if (values.help) {
    await output.write(help)
    return exitCodes.ended
  }
  const time = parseTime(values.seconds ?? '10')
  const origin = values.origin === undefined ? undefined : parseOrigin(values.origin)
  const closing = new AbortController()
  const endpoint = await createEndpoint({ values, operands }, closing.signal)
  const { url, init } = endpoint
  if (process.stderr.isTTY) createDiagnostics('normal').notice(`observing ${redactUrl(url)} for ${time / 1_000} s`)
  try {
    const examination = await examine(endpoint, { time, origin })
    const findings = runChecks(examination)
    const { method } = examination
    const subject: ReportSubject = { url: redactUrl(url), method, origin: origin ?? null, seconds: time / 1_000 }
    await output.write((values.json ? formatJson : formatText)(subject, findings))
    const exitCode = findings.some(({ status }) => status === 'fail') ? exitCodes.failed : exitCodes.ended
    // undici cannot cancel a connection attempt, which would keep the process alive for ten seconds.
    if (!wereAllSent(examination)) process.exit(exitCode)
    return exitCode
  } finally {
    closing.abort()
    await init.dispatcher.destroy()
  }
}

function wereAllSent({ main, uncompressed, resumption, crossOrigin }: Examination): boolean {
  const observations = [main, uncompressed, resumption?.observation]
  const recordings = [
    ...observations.map((observation) => observation?.recording),
    ...(crossOrigin?.preflights.values() ?? []),
  ]
  return recordings.every((recording) => recording?.sent ?? true)
}

/** @returns milliseconds */
function parseTime(text: string): number {
  const time = parseSeconds('--seconds', text)
  if (time >= 1_000 && time <= 3_600_000) return time
  throw new UsageError(`--seconds is ${JSON.stringify(text)}, not a number from 1 to 3600`)
}

function parseOrigin(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`) return url.origin
  throw new UsageError(`--origin is ${JSON.stringify(text)}, not an origin such as https://app.example`)
}
