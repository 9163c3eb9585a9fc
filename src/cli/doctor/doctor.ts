import process from 'node:process'
import { commonOptions, type Options, parseCommandLine, parseSeconds } from '../command-line/command-line.ts'
import { UsageError } from '../command-line/errors.ts'
import { exitCodes } from '../command-line/exit-codes.ts'
import { formatOptions } from '../command-line/help-text.ts'
import { createEndpoint } from '../endpoint/endpoint.ts'
import { redactUrl } from '../endpoint/redact.ts'
import { requestOptions } from '../endpoint/request-options.ts'
import { openOutput } from '../output.ts'
import { createDiagnostics } from '../terminal/diagnostics.ts'
import { runChecks } from './checks.ts'
import { examine } from './examine.ts'
import { formatJson, formatText, type ReportSubject } from './report.ts'

const doctorOptions = {
  seconds: {
    type: 'string',
    value: 'N',
    help: 'observe a response for up to N seconds, from 1 to 3600\n(default: 10); the whole run takes at most twice as long',
  },
  origin: {
    type: 'string',
    value: 'ORIGIN',
    help: 'check that a page of this origin, such as\nhttps://app.example, can read the stream',
  },
  json: { type: 'boolean', help: 'print the report as one JSON document' },
  ...commonOptions,
} as const satisfies Options

const options = { ...requestOptions, ...doctorOptions }

const help = `Usage: everysource doctor [options] URL

Checks an endpoint that serves server-sent events. Prints a line for each check: what was found, and how to fix it.

${formatOptions([
  ['Checks', doctorOptions],
  ['Request', requestOptions],
])}
Exit codes: ${exitCodes.ended} no check failed; ${exitCodes.failed} a check failed, or the command failed; ${exitCodes.usage} invalid command line.
`

/**
 * @returns the exit code
 * @throws UsageError, OperationalError
 */
export async function doctor(commandLine: readonly string[]): Promise<number> {
  const { values, operands } = parseCommandLine(commandLine, options)
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
    return findings.some(({ status }) => status === 'fail') ? exitCodes.failed : exitCodes.ended
  } finally {
    closing.abort()
    init.dispatcher.destroy()
  }
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
