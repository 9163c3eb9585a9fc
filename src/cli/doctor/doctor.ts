import { setTimeout as pause } from 'node:timers/promises'
import type { Connections } from '../../node/connections.ts'
import { parseCommandLine, parseSeconds } from '../command-line/command-line.ts'
import { UsageError } from '../command-line/errors.ts'
import { exitCodes } from '../command-line/exit-codes.ts'
import { formatOptions } from '../command-line/help-text.ts'
import { createDispatcher, createEndpoint, type Endpoint } from '../endpoint/endpoint.ts'
import { redactUrl } from '../endpoint/redact.ts'
import { openOutput } from '../output.ts'
import { createDiagnostics } from '../terminal/diagnostics.ts'
import { type CheckName, type Finding, runChecks } from './checks.ts'
import { checkedRequestOptions, checkOptions, doctorOptions } from './doctor-options.ts'
import type { Examination } from './examination.ts'
import { type ExamineOptions, examine } from './examine.ts'
import { formatJson, formatText, type ReportSubject } from './report.ts'
import { recognizeServers, type ServerName, serverNames } from './server-recipes.ts'

const help = `Usage: everysource doctor [options] URL

Checks an endpoint that serves server-sent events. Prints a line for each check: what was found, and how to fix it.

${formatOptions([
  ['Checks', checkOptions],
  ['Request', checkedRequestOptions],
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
  if (values.watch && values.json) throw new UsageError('--watch and --json exclude each other')
  const time = parseTime(values.seconds ?? '10')
  const origin = values.origin === undefined ? undefined : parseOrigin(values.origin)
  const server = values.server === undefined ? undefined : parseServer(values.server)
  const endpoint = await createEndpoint({ values, operands }, new AbortController().signal)
  const { columns } = output.terminal ?? {}
  const diagnostics = createDiagnostics('normal')
  while (true) {
    if (process.stderr.isTTY) diagnostics.notice(`observing ${redactUrl(endpoint.url)} for ${time / 1_000} s`)
    const examination = await examineOnce(endpoint, { time, origin }, await createDispatcher(values))
    const findings = runChecks(examination)
    const url = redactUrl(endpoint.url)
    const subject: ReportSubject = { url, method: examination.method, origin: origin ?? null, seconds: time / 1_000 }
    const servers = server === undefined ? findServers(examination, findings) : [server]
    const report = { subject, findings, servers }
    await output.write(values.json ? formatJson(report) : formatText(report, columns))
    const hasFailed = findings.some(({ status }) => status === 'fail')
    if (!hasFailed || !values.watch) return hasFailed ? exitCodes.failed : exitCodes.ended
    diagnostics.notice(`checking again in ${watchInterval / 1_000} s`)
    await pause(watchInterval)
  }
}

/** The time in ms between two runs with --watch. */
const watchInterval = 2_000

/** Examines an endpoint over connections that are closed afterwards. */
async function examineOnce(
  { url, init }: Endpoint,
  options: ExamineOptions,
  dispatcher: Connections,
): Promise<Examination> {
  try {
    return await examine({ url, init: { ...init, dispatcher } }, options)
  } finally {
    dispatcher.destroy()
  }
}

/** The checks that the configuration of a server, proxy or framework can fix. */
const configurationChecks: ReadonlySet<CheckName> = new Set([
  'cache-control',
  'connection',
  'compression',
  'buffering',
  'events',
  'blank-line',
  'keep-alive',
])

/** Returns the servers whose recipes help with the findings. */
function findServers({ main }: Examination, findings: readonly Finding[]): readonly ServerName[] {
  const needsRecipe = findings.some(({ check, status }) => configurationChecks.has(check) && status === 'fail')
  const { head } = main.recording
  return needsRecipe && head ? recognizeServers(head.headers) : []
}

function parseServer(text: string): ServerName {
  const name = serverNames.find((each) => each === text.toLowerCase())
  if (name) return name
  throw new UsageError(`--server is ${JSON.stringify(text)}, not one of ${serverNames.join(', ')}`)
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
