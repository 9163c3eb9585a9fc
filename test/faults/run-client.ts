import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import puppeteer from 'puppeteer-core'
import type { Reception } from './receive-all.ts'

/** How long a client may take before it is killed; a run takes a small part of it. */
const longestRun = 200_000

/** Runs the client in a runtime that takes a program as its argument. */
export async function runInProcess(
  executable: string,
  runtimeArguments: readonly string[],
  url: string,
  total: number,
): Promise<Reception> {
  return JSON.parse(await runProgram('client.ts', [url, String(total)], executable, runtimeArguments)) as Reception
}

/** Bundles a program that stands beside this file, runs it to its end and returns what it printed. */
export async function runProgram(
  entry: string,
  programArguments: readonly string[],
  executable = process.execPath,
  runtimeArguments: readonly string[] = [],
): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'faults-'))
  try {
    const program = join(directory, 'program.mjs')
    await writeFile(program, await bundle(entry, 'esm'))
    const { NODE_OPTIONS: _, ...environment } = process.env
    const { stdout } = await promisify(execFile)(executable, [...runtimeArguments, program, ...programArguments], {
      env: { ...environment, DENO_DIR: join(directory, 'deno'), DENO_NO_UPDATE_CHECK: '1' },
      timeout: longestRun,
      killSignal: 'SIGKILL',
    })
    return stdout
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** Runs the client in a page of the feed's own origin. */
export async function runInChromium(
  executablePath: string,
  origin: string,
  url: string,
  total: number,
): Promise<Reception> {
  // Chromium's sandbox does not start for root, who is the user in most containers.
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  const browser = await puppeteer.launch({
    executablePath,
    args: ['--disable-gpu', ...sandbox],
    protocolTimeout: longestRun,
  })
  try {
    const page = await browser.newPage()
    await page.goto(origin)
    await page.addScriptTag({ content: await bundle('client.page.ts', 'iife') })
    return await page.evaluate((feedUrl, count) => globalThis.receive(feedUrl, count), url, total)
  } finally {
    await browser.close()
  }
}

async function bundle(entry: string, format: 'esm' | 'iife'): Promise<string> {
  const result = await build({
    entryPoints: [fileURLToPath(new URL(entry, import.meta.url))],
    bundle: true,
    write: false,
    target: 'es2022',
    format,
    external: ['node:*'],
    logLevel: 'error',
  })
  const [output] = result.outputFiles
  if (output === undefined) throw new Error(`nothing was bundled for ${entry}`)
  return output.text
}
