import process from 'node:process'
import { createDiagnostics } from '../diagnostics.ts'
import { openOutput } from '../output.ts'
import { redactUrl } from '../redact.ts'
import { readEndpoint, requestOptions } from '../request-options.ts'
import {
  commonOptions,
  describeOptions,
  exitCodes,
  type Options,
  readCommandLine,
  readSeconds,
  UsageError,
} from '../usage.ts'
import { runChecks } from './checks.ts'
import type { Examination } from './examination.ts'
import { examine } from './examine.ts'
import { formatJson, formatText, type Subject } from './report.ts'

const doctorOptions = {
  seconds: {
    type: 'string',
    value: 'N',
    help: 'how long to observe a response, from 1 to 3600 (10); all of it\ntakes twice as long at the most',
  },
  origin: {
    type: 'string',
    value: 'ORIGIN',
    help: 'examine what a page of this origin would meet, such as\nhttps://app.example',
  },
  json: { type: 'boolean', help: 'print one JSON document' },
  ...commonOptions,
} as const satisfies Options

const options = { ...requestOptions, ...doctorOptions }

const help = `Usage: everysource doctor [options] URL

Examines an endpoint that serves server-sent events, and prints a check a line: what was seen, and how to mend it.

${describeOptions([
  ['Examination', doctorOptions],
  ['Request', requestOptions],
])}
Exit codes: ${exitCodes.ended} no check failed; ${exitCodes.failed} one did, or something went wrong here; ${exitCodes.usage} a mistake in the command line.
`

/**
 * @returns the exit code
 * @throws UsageError, Failure
 */
export async function doctor(commandLine: readonly string[]): Promise<number> {
  const { values, operands } = readCommandLine(commandLine, options)
  const output = openOutput()
  if (values.help) {
    await output.write(help)
    return exitCodes.ended
  }
  const time = readTime(values.seconds ?? '10')
  const origin = values.origin === undefined ? undefined : readOrigin(values.origin)
  const closing = new AbortController()
  const endpoint = await readEndpoint({ values, operands }, closing.signal)
  const { url, init } = endpoint
  if (process.stderr.isTTY) createDiagnostics('normal').notice(`observing ${redactUrl(url)} for ${time / 1_000} s`)
  try {
    const examination = await examine(endpoint, { time, origin })
    const findings = runChecks(examination)
    const { method } = examination
    const subject: Subject = { url: redactUrl(url), method, origin: origin ?? null, seconds: time / 1_000 }
    await output.write((values.json ? formatJson : formatText)(subject, findings))
    const exitCode = findings.some(({ status }) => status === 'fail') ? exitCodes.failed : exitCodes.ended
    // undici cannot give up a connection that is being made, which would keep the process alive for ten seconds.
    if (!everythingWasSent(examination)) process.exit(exitCode)
    return exitCode
  } finally {
    closing.abort()
    await init.dispatcher.destroy()
  }
}

function everythingWasSent({ main, uncompressed, resumption, page }: Examination): boolean {
  const observations = [main, uncompressed, resumption?.observation]
  const recordings = [
    ...observations.map((observation) => observation?.recording),
    ...(page?.preflights.values() ?? []),
  ]
  return recordings.every((recording) => recording?.sent ?? true)
}

function readTime(text: string): number {
  const time = readSeconds('--seconds', text)
  if (time >= 1_000 && time <= 3_600_000) return time
  throw new UsageError(`--seconds is ${JSON.stringify(text)}, not a number from 1 to 3600`)
}

function readOrigin(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`) return url.origin
  throw new UsageError(`--origin is ${JSON.stringify(text)}, not an origin such as https://app.example`)
}
