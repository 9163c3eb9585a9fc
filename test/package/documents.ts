import { readdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '../..')

/** A fenced block of a document. */
export interface Sample {
  /** The language of the fence; the empty string for output. */
  readonly language: string
  /** The file name in the first line's comment, or the first line. */
  readonly name: string
  readonly text: string
}

/** Which test file runs each sample of each document. A sample that is missing here fails `documents.test.ts`. */
export const runners: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  'README.md': {
    'package/programs.test.ts': ['first.mjs', 'token.mjs', 'answer.mjs', 'polyfill.mjs', 'feed.test.mjs'],
    'package/pages.test.ts': ['page.html', 'tabs.html'],
    'package/typed-samples.test.ts': ['Ticker.tsx'],
    'package/shell.test.ts': [
      'listen.mjs',
      'npx everysource http://localhost:3000/feed',
      'npx everysource doctor --origin https://app.example http://localhost:3000/feed',
      'ok    content-type             text/event-stream',
    ],
    'package/documents.test.ts': ['npm install everysource', 'npm ci && npm run demo'],
  },
  'src/REFERENCE.md': {
    'package/programs.test.ts': [
      ...[
        'server.mjs',
        'drop-in.mjs',
        'resume-by-get.mjs',
        'post.mjs',
        'job.mjs',
        'in-band.mjs',
        'relay.mjs',
        'common.cjs',
        'index.js',
      ],
      ...['node --import everysource/polyfill app.mjs', 'memory.test.mjs', 'agent.test.mjs', 'stub.test.mjs'],
      'timers.test.mjs',
    ],
    'package/pages.test.ts': ['shared-private.js'],
    'package/typed-samples.test.ts': ['typed.ts', 'network.ts'],
    'package/recipes.test.ts': ['agent.mjs'],
    'package/documents.test.ts': ['npm install undici@7', '{'],
    'clients/samples.test.ts': ['cookies.mjs', 'listen-outside.ts', 'msw.test.mjs'],
  },
  'src/cli/README.md': {
    'package/shell.test.ts': [
      'npx everysource localhost:3000/feed',
      '07:33:05.3  connected to http://localhost:3000/feed, 200 OK',
      '{"event":"tick","id":"1","data":"{\\"number\\":1}"}',
      `npx everysource -H 'X-Request: 7' -d '{"question":"What comes after four?"}' --data --until '{"number":5}' http://localhost:3000/feed`,
      `npx everysource --bearer-command 'curl -s http://localhost:3000/token' http://localhost:3000/private`,
      'npx everysource --json --quiet http://localhost:3000/feed | jq --unbuffered .number',
      'follow.sh',
      'sh follow.sh http://localhost:3000/feed',
      'everysource: refused: HTTP 503 Service Unavailable from http://localhost:3000/feed',
      'source <(npx everysource completion bash)',
      'npx everysource doctor --origin https://app.example http://localhost:3000/feed',
      'http://localhost:3000/feed, observed for up to 10 s',
    ],
  },
  'test/README.md': {
    'package/documents.test.ts': [`const interpreting = under('HTML: Interpreting an event stream')`],
  },
  'test/bench/README.md': {
    'package/documents.test.ts': [
      'npm ci',
      'npm run bench -- --workloads flood,idle --peers eventsource,undici --rounds 3 --scale 0.1 --output /tmp/bench',
    ],
  },
  '.github/CONTRIBUTING.md': { 'package/documents.test.ts': ['npm ci'] },
  'src/README.md': {
    'package/documents.test.ts': [
      "transport ──bytes──▶ parser ──messages──▶ attempt ──outcome──▶ session ──standard's terms──▶ a face",
    ],
  },
}

export const readDocument = (path: string): Promise<string> => readFile(join(root, path), 'utf8')

/** The paths of all Markdown files of the repository. */
export async function documentPaths(): Promise<readonly string[]> {
  const entries = await Promise.all(
    ['.', '.github', 'src', 'test', 'fixtures'].map(async (folder) => {
      const paths = await readdir(join(root, folder), { recursive: folder !== '.' })
      return paths.map((path) => join(folder, path))
    }),
  )
  return entries.flat().filter((path) => path.endsWith('.md') && !path.includes('node_modules'))
}

export function samplesIn(markdown: string): readonly Sample[] {
  return [...markdown.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)].map(([, language = '', text = '']) => {
    const lines = text.split('\n').filter((line) => line !== '#!/bin/sh')
    const [, comment] = /^(?:\/\/|#|<!--) ([\w.-]+\.\w+)(?: -->)?$/.exec(lines[0] ?? '') ?? []
    return { language, text, name: comment ?? lines[0] ?? '' }
  })
}

/** The samples of a document that a test file runs, by name. */
export async function samplesFor(runner: string, path: string): Promise<(name: string) => string> {
  const samples = samplesIn(await readDocument(path))
  return (name) => {
    const sample = samples.find((each) => each.name === name)
    if (!sample) throw new Error(`${path} has no sample ${name}`)
    if (!runners[path]?.[runner]?.includes(name)) throw new Error(`${runner} is not said to run ${name} of ${path}`)
    return sample.text
  }
}

/** Replaces texts that must be there, such as addresses that are examples. */
export function replaceAll(text: string, replacements: Readonly<Record<string, string>>): string {
  let replaced = text
  for (const [old, replacement] of Object.entries(replacements)) {
    if (!replaced.includes(old)) throw new Error(`nothing to replace: ${old} in\n${text}`)
    replaced = replaced.replaceAll(old, replacement)
  }
  return replaced
}
