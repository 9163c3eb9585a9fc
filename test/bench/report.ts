import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { arch, cpus, platform, totalmem } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { drawChart } from './chart.ts'
import { peersDirectory } from './peers.ts'
import type { Result } from './result.ts'
import type { Subject } from './subjects.ts'
import { formatTable } from './table.ts'

/** What it was measured on, in one line. */
export function describeMachine(): string {
  const [cpu] = cpus()
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`
  return `Node ${process.versions.node}, ${platform()} ${arch()}, ${cpus().length} × ${cpu?.model.trim()}, ${memory}`
}

/** The title of a subject, a peer's with the version that is installed. */
export async function titleOf({ title, kind, module }: Subject): Promise<string> {
  if (kind !== 'peer' || module === undefined) return title
  const manifest = await readFile(join(peersDirectory, 'node_modules', module, 'package.json'), 'utf8')
  const { version } = JSON.parse(manifest) as { version: string }
  return `${title.replace(/ \d+$/, '')} ${version}`
}

/** A title tells the whole amount of work. */
export function titleAtScale(title: string, scale: number): string {
  return scale === 1 ? title : `${title}; here times ${scale}`
}

/** Prints the table, and writes the JSON and the chart. */
export async function reportResult(result: Result, directory: string): Promise<void> {
  process.stdout.write(`${formatTable(result)}\n\n`)
  await mkdir(directory, { recursive: true })
  await writeFile(join(directory, `${result.name}.json`), `${JSON.stringify(result, undefined, 2)}\n`)
  const chart = drawChart(result)
  if (chart !== undefined) await writeFile(join(directory, `${result.name}.svg`), chart)
}

/** A peer that cannot do something is a result; ours has to. */
export function failIfOursFailed({ name, outcomes }: Result): void {
  for (const { title, kind, failure } of outcomes) {
    if (kind !== 'ours' || failure === undefined) continue
    process.stderr.write(`${name}: ${title} failed: ${failure}\n`)
    process.exitCode = 1
  }
}
