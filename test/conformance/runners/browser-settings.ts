import type { SendReport } from './report.ts'
import type { SuiteSettings } from './suite.ts'

export interface BrowserSettings extends SuiteSettings {
  /** Where to post the reports. */
  control: string
}

/** The property of the global object that holds the settings in pages and workers. */
const property = 'conformanceSettings'

/** Puts the settings before a script for a page or a worker. */
export function withSettings(settings: BrowserSettings, script: string): string {
  return `globalThis.${property} = ${JSON.stringify(settings)};\n${script}`
}

export function readSettings(): BrowserSettings {
  return (globalThis as unknown as Record<typeof property, BrowserSettings>)[property]
}

/** Posts reports one after another, so that they arrive in order. */
export function connectReports({ control }: BrowserSettings): SendReport {
  let posted: Promise<unknown> = Promise.resolve()
  return (report) => {
    const body = JSON.stringify(report)
    // A report that cannot be posted is missed by the runner, which fails the case for it.
    posted = posted.then(() => fetch(control, { method: 'POST', body })).catch(() => {})
  }
}
