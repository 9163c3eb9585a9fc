import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import puppeteer, { type Page } from 'puppeteer-core'
import type { Reception, Task } from './receive-all.ts'

/** How long a program, or a browser's start, may take, in ms; it takes a small part of it. */
const longestUsualRun = 400_000

export interface RunOptions {
  /** After so many ms the program is killed. */
  readonly longestRun?: number | undefined
  /** Whether the library is the one that Node gets, with undici as its transport. */
  readonly overUndici?: boolean
}

/** Bundles a program that stands beside this file, runs it to its end and returns what it printed. */
export async function runProgram(
  entry: string,
  programArguments: readonly string[],
  executable = process.execPath,
  runtimeArguments: readonly string[] = [],
  options: RunOptions = {},
): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'faults-'))
  try {
    const program = join(directory, 'program.mjs')
    await writeFile(program, await bundle(entry, options.overUndici ? 'Node' : 'any runtime'))
    const { NODE_OPTIONS: _, ...environment } = process.env
    const { stdout } = await promisify(execFile)(executable, [...runtimeArguments, program, ...programArguments], {
      env: { ...environment, DENO_DIR: join(directory, 'deno'), DENO_NO_UPDATE_CHECK: '1' },
      timeout: options.longestRun ?? longestUsualRun,
      killSignal: 'SIGKILL',
      maxBuffer: 16 * 1_024 * 1_024,
    })
    return stdout
  } catch (error) {
    const { message, signal } = error as Error & { signal?: string }
    throw new Error(`${entry} ${signal ? `was ended by ${signal}` : 'failed'}: ${message}`, { cause: error })
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** Runs the client in a page of the feed's own origin. */
export async function runInChromium(
  executablePath: string,
  origin: string,
  task: Task,
  longestRun: number,
): Promise<Reception> {
  // Chromium's sandbox does not start for root, who is the user in most containers.
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  const browser = await puppeteer.launch({
    executablePath,
    args: ['--disable-gpu', ...sandbox],
    // Chromium keeps something of each request for those who watch the network.
    networkEnabled: false,
    timeout: longestUsualRun,
    protocolTimeout: longestRun,
  })
  try {
    const page = await browser.newPage()
    await page.goto(origin, { timeout: longestUsualRun })
    await page.exposeFunction('measureMemory', await memoryMeter(page))
    await page.addScriptTag({ content: await bundle('client.page.ts', 'browsers') })
    return await page.evaluate((given) => globalThis.receive(given), task)
  } finally {
    await browser.close()
  }
}

async function memoryMeter(page: Page): Promise<() => Promise<number>> {
  const session = await page.createCDPSession()
  return async () => {
    await session.send('HeapProfiler.collectGarbage')
    const { usedSize, embedderHeapUsedSize, backingStorageSize } = await session.send('Runtime.getHeapUsage')
    return usedSize + embedderHeapUsedSize + backingStorageSize
  }
}

/** @param entry a module that stands beside this file */
export async function bundle(entry: string, target: 'any runtime' | 'Node' | 'browsers'): Promise<string> {
  const platforms = { 'any runtime': 'neutral', Node: 'node', browsers: 'browser' } as const
  const result = await build({
    entryPoints: [fileURLToPath(new URL(entry, import.meta.url))],
    bundle: true,
    write: false,
    target: 'es2022',
    format: target === 'browsers' ? 'iife' : 'esm',
    external: ['node:*'],
    platform: platforms[target],
    logLevel: 'error',
    ...(target === 'Node' && {
      // undici is a CommonJS package, and requires the modules of Node.
      banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)" },
    }),
  })
  const [output] = result.outputFiles
  if (output === undefined) throw new Error(`nothing was bundled for ${entry}`)
  return output.text
}
