import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { installed } from '../installed.ts'
import { nodeExecutable } from '../runtimes/binaries.ts'

/*
 * What connections rely on in undici beyond its documentation: that its Client reads from the socket by `read()`, upon
 * 'readable', and not while that returns null; and that it takes a reset for the end of a body that has no other. This
 * fails where a newer undici does otherwise.
 */

const copies = createRequire(new URL('../runtimes/package.json', import.meta.url))

function findCopy(name: string): string | undefined {
  try {
    return copies.resolve(name)
  } catch {
    return undefined
  }
}

const program = fileURLToPath(new URL('undici-copy.program.ts', import.meta.url))

it.for([
  ['undici', 20],
  ['undici', 24],
  ['undici-8', 22],
  ['undici-8', 26],
] as const)(
  'A connection over %s holds back a paused body and notices a reset, in Node %d',
  ([name, major], { skip }) => {
    const path = name === 'undici' ? createRequire(import.meta.url).resolve(name) : findCopy(name)
    const copy = installed(name, path, skip)
    const executable = installed(`Node ${major}`, nodeExecutable(major), skip)
    const { NODE_OPTIONS: _, ...env } = process.env
    const { stdout, stderr } = spawnSync(executable, ['--import', 'tsx', program, copy], { encoding: 'utf8', env })
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toEqual({ paused: 200_000, heldBack: true, reset: 'ECONNRESET' })
  },
)
