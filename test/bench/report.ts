import { execFile } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { arch, cpus, platform, totalmem } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'
import { drawChart } from './chart.ts'
import { findRegressions } from './check.ts'
import { peersDirectory } from './peers.ts'
import type { Result } from './result.ts'
import { entryOf, readEntries, updateResultsFile } from './results-file.ts'
import type { Subject } from './subjects.ts'
import { formatTable } from './table.ts'

/** Describes the machine in one line. */
export function describeMachine(): string {
  const [cpu] = cpus()
  return `${platform()} ${arch()}, ${cpus().length} × ${cpu?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB`
}

/** Returns the version that a program prints for `--version`. */
export async function versionOf(executable: string): Promise<string> {
  const { stdout } = await promisify(execFile)(executable, ['--version'])
  return /\d+(\.\d+)+/.exec(stdout)?.[0] ?? stdout.trim()
}

/** Returns the title of a subject, with the installed version if it is a peer. */
export async function titleOf({ title, kind, module }: Subject): Promise<string> {
  if (kind !== 'peer' || module === undefined) return title
  const manifest = await readFile(join(peersDirectory, 'node_modules', module, 'package.json'), 'utf8')
  const { version } = JSON.parse(manifest) as { version: string }
  return `${title.replace(/ \d+$/, '')} ${version}`
}

/** Adds the scale to a title, which states the amount of work at scale 1. */
export function titleAtScale(title: string, scale: number): string {
  return scale === 1 ? title : `${title}; scaled by ${scale}`
}

/**
 * Prints the table. Writes the chart and the entry in results.json or, with `check`, compares the result with that entry,
 * and sets the exit code if it is worse.
 */
export async function reportResult(
  result: Result,
  { output: directory, check }: { readonly output: string; readonly check: boolean },
): Promise<void> {
  process.stdout.write(`${formatTable(result)}\n\n`)
  if (check) {
    const recorded = await readEntries(join(directory, 'results.json'))
    for (const line of findRegressions(result.name, entryOf(result), recorded[result.name])) {
      process.stderr.write(`${line}\n`)
      process.exitCode = 1
    }
    return
  }
  await mkdir(directory, { recursive: true })
  await updateResultsFile(join(directory, 'results.json'), result)
  const chart = drawChart(result)
  if (chart !== undefined) await writeFile(join(directory, `${result.name}.svg`), chart)
}

/** Sets the exit code if everysource failed. A failed peer is a valid result. */
export function failIfOursFailed({ name, outcomes }: Result): void {
  for (const { title, kind, failure } of outcomes) {
    if (kind !== 'ours' || failure === undefined) continue
    process.stderr.write(`${name}: ${title} failed: ${failure}\n`)
    process.exitCode = 1
  }
}
