import process from 'node:process'
import { it } from 'vitest'

/** Says so where a browser is missing; CI has them all. */
export function reportMissing(name: string): void {
  it(`The browser ${name} is installed`, ({ skip }) => {
    if (process.env['CI']) throw new Error(`${name} is missing`)
    console.warn(`SKIPPED: ${name} is missing, and tabs that share are not tested there`)
    skip('missing')
  })
}
