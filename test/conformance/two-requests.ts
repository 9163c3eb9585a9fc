import { assert } from 'chai'
import type { EventSourceInit } from '../../src/index.ts'
import { endedStream, stream } from './answers.ts'
import type { Scene } from './scene.ts'

/** Runs a source through one clean end, and returns its two requests. */
export async function twoRequests(scene: Scene, init: EventSourceInit) {
  await scene.plan([endedStream('retry: 10\nid: 1\ndata: a\n\n'), stream('data: b\n\n')])
  const watch = scene.watch(init)
  await watch.next('message')
  await watch.next('message')
  const [first, second] = await scene.requests({ count: 2 })
  if (first === undefined || second === undefined) return assert.fail('two requests')
  return [first, second] as const
}
