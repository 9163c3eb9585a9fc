import type { SendReport } from './report.ts'
import type { SuiteSettings } from './suite.ts'

export interface BrowserSettings extends SuiteSettings {
  /** The URL to post the reports to. */
  control: string
}

/** The name of the global property that holds the settings in pages and workers. */
const property = 'conformanceSettings'

/** Prepends the settings to a script for a page or a worker. */
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
    // The runner notices that a report is missing, and fails the case.
    posted = posted.then(() => fetch(control, { method: 'POST', body })).catch(() => {})
  }
}
