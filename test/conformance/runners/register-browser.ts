import type { RuntimeName, Scope } from '../case.ts'
import { registerRuns } from './register.ts'
import { type Browser, runInBrowser } from './run-browser.ts'

/** Registers the suite for several scopes, which run at the same time in one browser. */
export function registerBrowser<S extends Scope>(
  runtime: RuntimeName,
  scopes: readonly S[],
  launch: () => Promise<Browser>,
  alias?: Readonly<Record<string, string>>,
): void {
  registerRuns(runtime, scopes, async (results) => {
    const browser = await launch()
    const stops = [() => browser.close()]
    try {
      for (const scope of scopes) stops.unshift(await runInBrowser(browser, { runtime, scope, alias }, results[scope]))
    } catch (error) {
      await stopAll(stops)
      throw error
    }
    return () => stopAll(stops)
  })
}

async function stopAll(stops: readonly (() => Promise<void>)[]): Promise<void> {
  for (const stop of stops) await stop()
}
