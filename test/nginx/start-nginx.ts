import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as pause } from 'node:timers/promises'
import { Agent, request } from 'undici'

/** The path of nginx on Debian, or on other systems; undefined if it is not installed. */
export const nginx = ['/usr/sbin/nginx', '/usr/local/bin/nginx', '/opt/homebrew/bin/nginx'].find(existsSync)

export interface Nginx {
  /** Such as http://127.0.0.1:40001. */
  readonly origin: string
  /** Reloads the configuration: new processes serve from then on, and the old ones end. */
  reload(): void
  close(): Promise<void>
}

export interface NginxOptions {
  /** The paths of a certificate and its key, which enable HTTP/2 over TLS. */
  readonly certificate?: { readonly certificate: string; readonly key: string }
  /** Whether `reload` can be called. Otherwise, there is only one process. */
  readonly isReloadable?: boolean
  /** How long the processes before a reload may continue, in the notation of nginx (default: 1s). */
  readonly shutdownTimeout?: string
}

/**
 * Starts nginx on this machine.
 * @param locations the `location` blocks of its server
 */
export async function startNginx(locations: string, options: NginxOptions = {}): Promise<Nginx> {
  if (nginx === undefined) throw new Error('nginx is missing')
  const directory = await mkdtemp(join(tmpdir(), 'everysource-nginx-'))
  try {
    // Another process may take the free port before nginx does.
    for (let tries = 1; tries <= 10; tries++) {
      const started = await tryToStart(nginx, directory, locations, options)
      if (started) return started
    }
    throw new Error('nginx did not start')
  } catch (error) {
    await rm(directory, { recursive: true, force: true })
    throw error
  }
}

async function tryToStart(
  executable: string,
  directory: string,
  locations: string,
  options: NginxOptions,
): Promise<Nginx | undefined> {
  const port = await findFreePort()
  const token = randomUUID()
  const configuration = join(directory, 'nginx.conf')
  await writeFile(configuration, configure(directory, port, token, locations, options))
  const child = spawn(executable, ['-e', 'stderr', '-p', directory, '-c', configuration], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let errorOutput = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errorOutput += text
  })
  const origin = `${options.certificate ? 'https' : 'http'}://127.0.0.1:${port}`
  if (await answers(child, origin, token)) {
    return {
      origin,
      reload: () => child.kill('SIGHUP'),
      close: async () => {
        await stop(child)
        await rm(directory, { recursive: true, force: true })
      },
    }
  }
  await stop(child)
  if (!errorOutput.includes('Address already in use')) throw new Error(`nginx did not start: ${errorOutput}`)
  return undefined
}

/** Returns a port that was free a moment ago. */
export async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

const configure = (
  directory: string,
  port: number,
  token: string,
  locations: string,
  { certificate, isReloadable = false, shutdownTimeout = '1s' }: NginxOptions,
): string => `
  daemon off;
  ${process.getuid?.() === 0 ? 'user root;' : ''}
  master_process ${isReloadable ? 'on' : 'off'};
  worker_processes 1;
  worker_shutdown_timeout ${shutdownTimeout};
  pid ${directory}/pid;
  events {}
  http {
    access_log off;
    ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${directory}/${name};`).join('\n')}
    server {
      listen 127.0.0.1:${port}${certificate ? ' ssl http2' : ''};
      ${certificate ? `ssl_certificate ${certificate.certificate}; ssl_certificate_key ${certificate.key};` : ''}
      location = /token { return 200 ${token}; }
      ${locations}
    }
  }
`

/** Its certificate is one for tests. */
const dispatcher = new Agent({ connect: { rejectUnauthorized: false }, pipelining: 0 })

/** Whether it is our nginx that answers there. */
async function answers(child: ChildProcess, origin: string, token: string): Promise<boolean> {
  for (let tries = 1; tries <= 300 && child.exitCode === null && child.signalCode === null; tries++) {
    const answer = await request(`${origin}/token`, { dispatcher }).then(
      ({ body }) => body.text(),
      () => undefined,
    )
    if (answer === token) return true
    await pause(100)
  }
  return false
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGTERM')
  await once(child, 'exit')
}
