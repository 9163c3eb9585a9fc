import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type ServerName, serverRecipes } from '../../../src/cli/doctor/server-recipes.ts'
import { findFreePort } from '../../nginx/start-nginx.ts'

/** A program that runs a recipe. */
interface RecipeProgram {
  /** The executable; the test is skipped if it is missing. */
  readonly executable: string
  /** An argument with which the executable exits with code 0 if everything it needs is installed. */
  readonly probe: readonly string[]
  /** The files to write, by their names. */
  readonly files: (recipe: readonly string[], port: number, backend: string) => Readonly<Record<string, string>>
  readonly commandLine: (directory: string, port: number) => readonly string[]
  readonly environment?: Readonly<Record<string, string>>
}

const root = fileURLToPath(new URL('../../..', import.meta.url))

/** Loads a package of this repository from a program in another directory. */
const require = `import { createRequire } from 'node:module'\nconst require = createRequire(${JSON.stringify(join(root, 'package.json'))})\n`

/** A loop around the code that writes an event, with the variables that the recipes use. */
const loop = (write: string): string => `
for (let id = 1; id <= 20; id++) {
  await new Promise((resolve) => setTimeout(resolve, 200))
  const data = { id, sent: Date.now() }
  ${write}
}`

const pythonLoop = (write = '', { isAsync = false } = {}): string =>
  `    for id in range(1, 21):
        ${isAsync ? 'await asyncio.sleep(0.2)' : 'time.sleep(0.2)'}
        data = {"id": id, "sent": time.time() * 1000}
        ${write}
`

const node = { executable: process.execPath, probe: ['--version'] }

/** The programs by the names of their recipes. The others need a service, or a framework that Debian does not have. */
export const recipePrograms: Readonly<Partial<Record<ServerName, RecipeProgram>>> = {
  nginx: {
    executable: '/usr/sbin/nginx',
    probe: ['-v'],
    files: (recipe, port, backend) => ({
      'nginx.conf': `daemon off; pid nginx.pid; error_log stderr;
events {}
http {
  access_log off;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
  gzip on; gzip_types *;
  server { listen 127.0.0.1:${port};
    ${recipe.join('\n').replace('localhost:3000', backend)}
  }
}`,
    }),
    commandLine: (directory) => ['-p', directory, '-c', 'nginx.conf'],
  },
  apache: {
    executable: '/usr/sbin/apache2',
    probe: ['-v'],
    files: (recipe, port, backend) => ({
      'apache.conf': `ServerRoot /usr/lib/apache2
ServerName localhost
${['mpm_event', 'authz_core', 'proxy', 'proxy_http', 'deflate', 'filter', 'setenvif']
  .map((name) => `LoadModule ${name}_module modules/mod_${name}.so`)
  .join('\n')}
Listen 127.0.0.1:${port}
PidFile @DIRECTORY@/pid
ErrorLog @DIRECTORY@/error.log
SetOutputFilter DEFLATE
${recipe.join('\n').replace('localhost:3000', backend)}
`,
    }),
    commandLine: (directory) => ['-f', join(directory, 'apache.conf'), '-D', 'FOREGROUND'],
  },
  caddy: {
    executable: '/usr/bin/caddy',
    probe: ['version'],
    files: (recipe, port, backend) => ({
      Caddyfile: `{
  admin off
}
http://127.0.0.1:${port} {
${recipe.join('\n').replace('localhost:3000', backend)}
}
`,
    }),
    commandLine: (directory) => ['run', '--adapter', 'caddyfile', '--config', join(directory, 'Caddyfile')],
  },
  vite: {
    ...node,
    files: ([server = ''], port, backend) => ({
      'server.mjs': `${require}const { createServer } = await import(require.resolve('vite'))
const config = { ${server.replace('localhost:3000', backend)} }
config.server.port = ${port}
config.server.host = '127.0.0.1'
const server = await createServer({ ...config, configFile: false, root: import.meta.dirname, optimizeDeps: { noDiscovery: true } })
await server.listen()`,
    }),
    commandLine: (directory) => [join(directory, 'server.mjs')],
  },
  node: {
    ...node,
    files: ([head, timer, write = ''], port) => ({
      'server.mjs': `import { createServer } from 'node:http'
createServer(async (request, response) => {
${head}
${timer}${loop(write)}
response.end()
}).listen(${port}, '127.0.0.1')`,
    }),
    commandLine: (directory) => [join(directory, 'server.mjs')],
  },
  express: {
    ...node,
    files: ([head, write, flush], port) => ({
      'server.mjs': `${require}const express = require('express')
express().get('/events', async (request, response) => {
${head}${loop(`${write}\n${flush}`)}
response.end()
}).listen(${port}, '127.0.0.1')`,
    }),
    commandLine: (directory) => [join(directory, 'server.mjs')],
  },
  fastify: {
    ...node,
    files: ([hijack, head, write = ''], port) => ({
      'server.mjs': `${require}const fastify = require('fastify')()
fastify.get('/events', async (request, reply) => {
${hijack}
${head}${loop(write)}
reply.raw.end()
})
await fastify.listen({ port: ${port}, host: '127.0.0.1' })`,
    }),
    commandLine: (directory) => [join(directory, 'server.mjs')],
  },
  php: {
    executable: '/usr/bin/php',
    probe: ['--version'],
    files: ([head, buffers, write]) => ({
      'index.php': `<?php
${head}
${buffers}
for ($id = 1; $id <= 20; $id++) {
  usleep(200000);
  $data = ['id' => $id, 'sent' => microtime(true) * 1000];
  ${write}
}
`,
    }),
    commandLine: (directory, port) => ['-S', `127.0.0.1:${port}`, join(directory, 'index.php')],
    environment: { PHP_CLI_SERVER_WORKERS: '4' },
  },
  fastapi: {
    executable: '/usr/bin/python3',
    probe: ['-c', 'import fastapi, uvicorn'],
    files: ([headers, response, write]) => ({
      'app.py': `import asyncio, json, time
from fastapi import FastAPI
from fastapi.responses import StreamingResponse

app = FastAPI()

async def events():
${pythonLoop(write, { isAsync: true })}
@app.get("/events")
async def stream():
    ${headers}
    ${response}
`,
    }),
    commandLine: (directory, port) => ['-m', 'uvicorn', '--app-dir', directory, '--port', `${port}`, 'app:app'],
  },
  django: {
    executable: '/usr/bin/python3',
    probe: ['-c', 'import django, gunicorn'],
    files: ([headers, response, write]) => ({
      'app.py': `import json, time
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import StreamingHttpResponse
from django.urls import path

settings.configure(ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, SECRET_KEY="for tests only")

def events():
${pythonLoop(write)}
def stream(request):
    ${headers}
    ${response}

urlpatterns = [path("events", stream)]
application = get_wsgi_application()
`,
    }),
    commandLine: (directory, port) =>
      `-m gunicorn --threads 4 --chdir ${directory} --bind 127.0.0.1:${port} app`.split(' '),
  },
  go: {
    executable: '/usr/bin/go',
    probe: ['version'],
    files: ([head, write, flush], port) => ({
      'main.go': `package main

import ("fmt"; "net/http"; "time")

func main() {
  http.HandleFunc("/events", func(w http.ResponseWriter, r *http.Request) {
    ${head}
    for id := 1; id <= 20; id++ {
      time.Sleep(200 * time.Millisecond)
      data := fmt.Sprintf("{\\"sent\\":%d}", time.Now().UnixMilli())
      ${write}
      ${flush}
    }
  })
  http.ListenAndServe("127.0.0.1:${port}", nil)
}
`,
    }),
    commandLine: (directory) => ['run', join(directory, 'main.go')],
    environment: { GOFLAGS: '-mod=mod', GOCACHE: join(tmpdir(), 'everysource-go-cache') },
  },
}

export function isInstalled({ executable, probe }: RecipeProgram): boolean {
  return existsSync(executable) && spawnSync(executable, probe, { stdio: 'ignore' }).status === 0
}

export interface RecipeServer extends AsyncDisposable {
  readonly url: string
}

/**
 * Runs a recipe.
 * @param backend the host and port of a feed with the path /events, for proxies
 */
export async function startRecipe(name: ServerName, program: RecipeProgram, backend: string): Promise<RecipeServer> {
  const directory = await mkdtemp(join(tmpdir(), `everysource-recipe-${name}-`))
  const port = await findFreePort()
  const files = program.files(serverRecipes[name].lines, port, backend)
  for (const [file, content] of Object.entries(files)) {
    await writeFile(join(directory, file), content.replaceAll('@DIRECTORY@', directory))
  }
  // Its own process group, because some programs start others.
  const child = spawn(program.executable, program.commandLine(directory, port), {
    cwd: directory,
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, PATH: `${process.env['PATH']}:${dirname(program.executable)}`, ...program.environment },
  })
  const stop = async (): Promise<void> => {
    const closed = child.exitCode === null ? once(child, 'close') : undefined
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL')
    await closed
    await rm(directory, { recursive: true, force: true })
  }
  try {
    await untilListening(child, port)
  } catch (error) {
    await stop()
    throw error
  }
  return { url: `http://127.0.0.1:${port}/events`, [Symbol.asyncDispose]: stop }
}

/** Waits until the program accepts connections. */
async function untilListening(child: ChildProcess, port: number): Promise<void> {
  let errors = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  for (let tries = 0; tries < 300; tries++) {
    if (child.exitCode !== null) throw new Error(`the server exited with code ${child.exitCode}: ${errors}`)
    const socket = connect(port, '127.0.0.1')
    const isConnected = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    })
    socket.destroy()
    if (isConnected) return
    await pause(200)
  }
  throw new Error(`the server did not start: ${errors}`)
}
