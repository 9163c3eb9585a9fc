import type { Reporter, TestModule } from 'vitest/node'
import type { CaseResult } from './run-results.ts'

/** The result of one case in one run. */
export interface ConformanceRecord {
  /** The runtime and, if it was started, the scope. */
  run: string
  name: string
  result: CaseResult
}

declare module 'vitest' {
  interface TaskMeta {
    conformance?: ConformanceRecord
  }
}

/** A reporter that prints what was run in each runtime and which known limits were met. */
// biome-ignore lint/style/noDefaultExport: vitest takes the default export of a reporter's module
export default class ConformanceSummary implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const records = modules.flatMap((module) =>
      [...module.children.allTests()].flatMap((test) => test.meta().conformance ?? []),
    )
    if (records.length > 0) console.log(summarize(records))
  }
}

function summarize(records: readonly ConformanceRecord[]): string {
  const runs = [...groupBy(records, ({ run }) => run)].sort(byKey)
  const width = Math.max(...runs.map(([run]) => run.length))
  const heading = `${'Conformance'.padEnd(width)}  cases  passed  failed  known limits`
  const rows = runs.map(([run, ofRun]) => {
    const unavailable = ofRun.find(({ result }) => result.kind === 'unavailable')?.result
    if (unavailable?.kind === 'unavailable') return `${run.padEnd(width)}  skipped: ${unavailable.reason}`
    const count = (kind: CaseResult['kind']): string => `${ofRun.filter(({ result }) => result.kind === kind).length}`
    const [total, passed, failed, limits] = [`${ofRun.length}`, count('passed'), count('failed'), count('limit')]
    return `${run.padEnd(width)}  ${total.padStart(5)}  ${passed.padStart(6)}  ${failed.padStart(6)}  ${limits.padStart(12)}`
  })
  return ['', heading, ...rows, ...describeLimits(records), ''].join('\n')
}

/** Lists every known limit once, by the name of its case and its reason, with the runs that have it. */
function describeLimits(records: readonly ConformanceRecord[]): string[] {
  const limited = records.flatMap(({ run, name, result }) =>
    result.kind === 'limit' ? { limit: `${name}: ${result.reason}`, run } : [],
  )
  if (limited.length === 0) return ['', 'No known limit was met.']
  const lines = [...groupBy(limited, ({ limit }) => limit)].map(
    ([limit, ofLimit]) => `- ${limit}\n  in ${ofLimit.map(({ run }) => run).join(', ')}`,
  )
  return ['', 'Known limits:', ...lines]
}

function groupBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [item])
    else group.push(item)
  }
  return groups
}

function byKey([a]: [string, unknown], [b]: [string, unknown]): number {
  return a.localeCompare(b, 'en', { numeric: true })
}
