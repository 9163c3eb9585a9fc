import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { text } from 'node:stream/consumers'
import type { Values } from './measure.ts'

/** Writes what the process has used until its exit to file descriptor 3. */
const reporter = `const { writeSync } = require('node:fs')
process.on('exit', () => writeSync(3, JSON.stringify(process.resourceUsage())))
`

/** Writes the module that reports what a process has used, and returns its path. */
export async function writeReporter(directory: string): Promise<string> {
  const file = join(directory, 'report-usage.cjs')
  await writeFile(file, reporter)
  return file
}

/**
 * Runs a program to its end, and returns the CPU time and the peak memory of the whole process.
 * @param reporter the module of {@link writeReporter}
 * @throws Error if the program fails, or takes longer than `timeout` ms
 */
export async function measureProcess(
  program: readonly string[],
  { reporter, cwd, env, timeout }: { reporter: string; cwd: string; env: NodeJS.ProcessEnv; timeout: number },
): Promise<Values> {
  const child = spawn(process.execPath, ['--require', reporter, ...program], {
    cwd,
    env,
    timeout,
    killSignal: 'SIGKILL',
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  })
  const [, , errors, usage] = child.stdio
  const [reported, printed, [exitCode]] = await Promise.all([
    text(usage as NodeJS.ReadableStream),
    text(errors as NodeJS.ReadableStream),
    once(child, 'close'),
  ])
  if (exitCode !== 0)
    throw new Error(printed.split('\n').find((line) => /^\S*Error/.test(line)) ?? `exited with ${exitCode}`)
  const { userCPUTime, systemCPUTime, maxRSS } = JSON.parse(reported) as NodeJS.ResourceUsage
  return { cpu: (userCPUTime + systemCPUTime) / 1_000, memory: maxRSS / 1_024 }
}
