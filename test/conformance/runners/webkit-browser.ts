import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { firstExisting } from './puppeteer-browser.ts'
import type { Browser } from './run-browser.ts'

export interface WebKitExecutables {
  driver: string
  miniBrowser: string
}

/**
 * Returns the paths of WebKitGTK's driver and its small browser: WEBKIT_DRIVER_PATH and WEBKIT_MINIBROWSER_PATH, or
 * their locations in Linux distributions.
 */
export function webKitExecutables(): WebKitExecutables | undefined {
  const { WEBKIT_DRIVER_PATH, WEBKIT_MINIBROWSER_PATH } = process.env
  const driver = firstExisting(WEBKIT_DRIVER_PATH, ['/usr/bin/WebKitWebDriver'])
  const directories = ['x86_64-linux-gnu', 'aarch64-linux-gnu', '.'].map((directory) => join('/usr/lib', directory))
  const miniBrowser = firstExisting(
    WEBKIT_MINIBROWSER_PATH,
    directories.map((directory) => join(directory, 'webkit2gtk-4.1/MiniBrowser')),
  )
  return driver === undefined || miniBrowser === undefined ? undefined : { driver, miniBrowser }
}

export interface WebKitTab {
  /** Runs the body of a function in the tab, and returns its awaited result. */
  execute(script: string): Promise<unknown>
  close(): Promise<void>
}

export interface WebKit extends Browser {
  /** Opens a page that can be controlled. Only one tab at a time can run a script. */
  openTab(url: string): Promise<WebKitTab>
  /** Runs the body of a function in the page that was opened last. */
  execute(script: string): Promise<unknown>
}

/** Starts WebKit on its own display where Xvfb is installed, otherwise on the user's. */
export async function launchWebKit({ driver, miniBrowser }: WebKitExecutables): Promise<WebKit> {
  const profile = await mkdtemp(join(tmpdir(), 'conformance-webkit-'))
  const started: ChildProcess[] = []
  const stop = async (): Promise<void> => {
    for (const child of started.reverse()) await end(child)
    // Processes of the browser may still be writing to the profile.
    await rm(profile, { recursive: true, force: true, maxRetries: 20 })
  }
  try {
    const environment: NodeJS.ProcessEnv = {
      ...process.env,
      XDG_DATA_HOME: profile,
      XDG_CACHE_HOME: profile,
      XDG_CONFIG_HOME: profile,
      // The language of the page is "C" with the locale C, which Intl rejects.
      LANG: 'en_US.UTF-8',
      LC_ALL: 'en_US.UTF-8',
    }
    if (existsSync('/usr/bin/Xvfb')) {
      const display = spawn('/usr/bin/Xvfb', ['-displayfd', '3', '-screen', '0', '1024x768x24', '-nolisten', 'tcp'], {
        stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
      })
      started.push(display)
      environment['DISPLAY'] = `:${await firstLine(display.stdio[3] as Readable)}`
    }
    const port = await freePort()
    const driverProcess = spawn(driver, [`--port=${port}`], { env: environment, stdio: 'ignore' })
    started.push(driverProcess)
    const session = await startSession(`http://127.0.0.1:${port}`, miniBrowser)
    return {
      openTab: session.openTab,
      async openPage(url) {
        await session.openTab(url)
      },
      execute: (script) => session.execute(script),
      async close() {
        await session.close()
        await stop()
      },
    }
  } catch (error) {
    await stop()
    throw error
  }
}

interface Session {
  openTab(url: string): Promise<WebKitTab>
  execute(script: string): Promise<unknown>
  /** Ends the browser, but not the driver. */
  close(): Promise<void>
}

async function startSession(driver: string, miniBrowser: string): Promise<Session> {
  await untilReady(driver)
  const options = { binary: miniBrowser, args: ['--automation'] }
  const capabilities = { alwaysMatch: { 'webkitgtk:browserOptions': options } }
  const { sessionId } = await command<{ sessionId: string }>('POST', `${driver}/session`, { capabilities })
  const session = `${driver}/session/${sessionId}`
  return {
    async openTab(url) {
      const { handle } = await command<{ handle: string }>('POST', `${session}/window/new`, { type: 'window' })
      const select = (): Promise<unknown> => command('POST', `${session}/window`, { handle })
      await select()
      await command('POST', `${session}/url`, { url })
      return {
        async execute(script) {
          await select()
          return command('POST', `${session}/execute/sync`, { script, args: [] })
        },
        async close() {
          await select()
          const [other] = await command<string[]>('DELETE', `${session}/window`)
          // A closed window accepts no further commands.
          await command('POST', `${session}/window`, { handle: other })
        },
      }
    },
    execute: (script) => command('POST', `${session}/execute/sync`, { script, args: [] }),
    async close() {
      await command('DELETE', session)
    },
  }
}

/** Sends one command of the WebDriver protocol. */
async function command<Value>(method: string, url: string, parameters?: object): Promise<Value> {
  const body = parameters === undefined ? null : JSON.stringify(parameters)
  const response = await fetch(url, { method, body, signal: AbortSignal.timeout(120_000) })
  const { value } = (await response.json()) as { value: unknown }
  if (!response.ok) throw new Error(`WebDriver refused ${method} ${new URL(url).pathname}: ${JSON.stringify(value)}`)
  return value as Value
}

async function untilReady(driver: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const { ready } = await command<{ ready: boolean }>('GET', `${driver}/status`)
      if (ready) return
    } catch (error) {
      if (attempt === 600) throw error
    }
    await pause(100)
  }
}

/** Returns a free port that no system assigns to connections, so that it is still free when the driver starts. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 11_000 + Math.floor(Math.random() * 9_000)
    const server = createServer()
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true))
    })
    if (!isFree) continue
    await new Promise((resolve) => server.close(resolve))
    return port
  }
}

async function firstLine(stream: Readable): Promise<string> {
  for await (const line of createInterface({ input: stream })) return line
  throw new Error('Xvfb ended before it told its display')
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  const insist = setTimeout(() => child.kill('SIGKILL'), 5_000)
  await exited
  clearTimeout(insist)
}
