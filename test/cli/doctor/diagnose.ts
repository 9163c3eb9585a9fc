import { Agent } from 'undici'
import { certificate } from '../../../fixtures/certificate.ts'
import { type CheckName, type Finding, runChecks } from '../../../src/cli/doctor/checks.ts'
import { examine } from '../../../src/cli/doctor/examine.ts'
import type { Endpoint } from '../../../src/cli/request-options.ts'

export interface DiagnoseOptions {
  /** Milliseconds; a feed that ends by itself takes no longer than that. */
  readonly time?: number
  readonly origin?: string
  readonly init?: Omit<Endpoint['init'], 'dispatcher'>
}

export type Findings = Readonly<Record<CheckName, Finding>>

/** What the doctor finds at an endpoint. */
export async function diagnose(url: string, { time = 30_000, origin, init }: DiagnoseOptions = {}): Promise<Findings> {
  const dispatcher = new Agent({ allowH2: true, connect: { ca: certificate } })
  try {
    const findings = runChecks(await examine({ url, init: { ...init, dispatcher } }, { time, origin }))
    return Object.fromEntries(findings.map((finding) => [finding.check, finding])) as Findings
  } finally {
    await dispatcher.destroy()
  }
}
