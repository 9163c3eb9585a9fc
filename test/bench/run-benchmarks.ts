import process from 'node:process'
import type { BenchOptions } from './options.ts'
import { installPeers } from './peers.ts'
import { buildPrograms, type Feed, type Programs, startFeed } from './processes.ts'
import { failIfOursFailed, reportResult } from './report.ts'
import type { Result } from './result.ts'

/**
 * Starts the feed, measures the workloads one after the other, and reports each result. Exits if the peers are not
 * installed.
 * @param measure returns undefined if the workload is skipped
 */
export async function runBenchmarks<Name extends string>(
  options: Pick<BenchOptions<Name>, 'workloads' | 'output' | 'check'>,
  prepare: (feed: Feed) => Promise<void>,
  measure: (name: Name, programs: Programs, feed: Feed) => Promise<Result | undefined>,
): Promise<void> {
  if (!(await installPeers())) process.exit(1)
  const programs = await buildPrograms()
  const feed = await startFeed(programs.feed)
  try {
    await prepare(feed)
    for (const name of options.workloads) {
      const result = await measure(name, programs, feed)
      if (result === undefined) continue
      await reportResult(result, options)
      failIfOursFailed(result)
    }
  } finally {
    await feed.close()
    await programs.remove()
  }
}
