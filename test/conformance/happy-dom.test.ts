// @vitest-environment happy-dom
import type { Window } from 'happy-dom'
import { vi } from 'vitest'
import { startFeedServer } from '../../fixtures/feed-server.ts'
import { runProgram } from './runners/program.ts'
import { registerMissing, registerRuns } from './runners/register.ts'
import { testedImplementation } from './runners/tested-implementation.ts'
import { startWatchdog } from './runners/watchdog.ts'

declare const window: Window

// The library as in every runtime without a separate file: over happy-dom's fetch, not over its own connections.
vi.mock('#transport', () => import('../../src/transport/default.ts'))

if (testedImplementation !== 'source') {
  registerMissing('happy-dom', 'it runs the library from its source only')
} else {
  registerRuns('happy-dom', ['page'], async ({ page: results }) => {
    // happy-dom prints everything that fails or is refused, which most cases are about.
    vi.spyOn(console, 'error').mockReturnValue()
    const endWatch = startWatchdog('happy-dom')
    const feedServer = await startFeedServer()
    const { origin: feed, otherOrigin } = feedServer
    window.happyDOM.setURL(`${feed}/suite/page.html`)
    const settings = { runtime: 'happy-dom', scope: 'page', feed, otherOrigin, concurrency: 3 } as const
    results.start()
    // vitest itself fails for anything that is left uncaught here.
    void runProgram(settings, (report) => results.record(report)).then(() => results.close('the suite ended'))
    return async () => {
      await endWatch()
      await feedServer.close()
    }
  })
}
