import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

/** Where Debian has it, and others. */
export const nginx = ['/usr/sbin/nginx', '/usr/local/bin/nginx', '/opt/homebrew/bin/nginx'].find(existsSync)

export interface Nginx {
  /** Such as http://127.0.0.1:40001. */
  readonly origin: string
  close(): Promise<void>
}

/**
 * Starts nginx on this machine.
 * @param locations the `location` blocks of its server
 */
export async function startNginx(locations: string): Promise<Nginx> {
  if (nginx === undefined) throw new Error('nginx is missing')
  const directory = await mkdtemp(join(tmpdir(), 'everysource-nginx-'))
  try {
    // Nobody can promise that a free port still is when nginx comes to it.
    for (let tries = 1; tries <= 10; tries++) {
      const started = await tryToStart(nginx, directory, locations)
      if (started) return started
    }
    throw new Error('nginx did not start')
  } catch (error) {
    await rm(directory, { recursive: true, force: true })
    throw error
  }
}

async function tryToStart(executable: string, directory: string, locations: string): Promise<Nginx | undefined> {
  const port = await findFreePort()
  const token = randomUUID()
  const configuration = join(directory, 'nginx.conf')
  await writeFile(configuration, configure(directory, port, token, locations))
  const child = spawn(executable, ['-e', 'stderr', '-p', directory, '-c', configuration], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let complaints = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints += text
  })
  const origin = `http://127.0.0.1:${port}`
  if (await answers(child, origin, token)) {
    return {
      origin,
      close: async () => {
        await stop(child)
        await rm(directory, { recursive: true, force: true })
      },
    }
  }
  await stop(child)
  if (!complaints.includes('Address already in use')) throw new Error(`nginx did not start: ${complaints}`)
  return undefined
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

const configure = (directory: string, port: number, token: string, locations: string): string => `
  daemon off;
  master_process off;
  pid ${directory}/pid;
  events {}
  http {
    access_log off;
    ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${directory}/${name};`).join('\n')}
    server {
      listen 127.0.0.1:${port};
      location = /token { return 200 ${token}; }
      ${locations}
    }
  }
`

/** Whether it is our nginx that answers there. */
async function answers(child: ChildProcess, origin: string, token: string): Promise<boolean> {
  for (let tries = 1; tries <= 300 && child.exitCode === null && child.signalCode === null; tries++) {
    const said = await fetch(`${origin}/token`).then(
      (response) => response.text(),
      () => undefined,
    )
    if (said === token) return true
    await pause(100)
  }
  return false
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGTERM')
  await once(child, 'exit')
}
