import { certificate } from '../../../fixtures/certificate.ts'
import { type CheckName, type Finding, runChecks } from '../../../src/cli/doctor/checks.ts'
import { examine } from '../../../src/cli/doctor/examine.ts'
import type { Endpoint } from '../../../src/cli/endpoint/endpoint.ts'
import { Connections } from '../../../src/node/connections.ts'

export interface DiagnoseOptions {
  /**
   * The maximum time in ms; feeds that end by themselves take less.
   * @default 30_000
   */
  readonly time?: number
  readonly origin?: string
  readonly init?: Omit<Endpoint['init'], 'dispatcher'>
}

export type Findings = Readonly<Record<CheckName, Finding>>

/** Runs all checks on an endpoint. */
export async function diagnose(url: string, { time = 30_000, origin, init }: DiagnoseOptions = {}): Promise<Findings> {
  const dispatcher = new Connections({ tls: { ca: certificate } })
  try {
    const findings = runChecks(await examine({ url, init: { ...init, dispatcher } }, { time, origin }))
    return Object.fromEntries(findings.map((finding) => [finding.check, finding])) as Findings
  } finally {
    dispatcher.destroy()
  }
}
