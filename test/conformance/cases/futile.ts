import { assert } from 'chai'
import type { ConformanceCase } from '../case.ts'
import { pause, under } from '../scene.ts'

const processing = under('HTML: Processing model')

const futile = [
  'ftp://127.0.0.1/feed',
  'about:blank',
  'mailto:someone@example.org',
  'javascript:void(0)',
  'ws://127.0.0.1/feed',
  'unheard-of:feed',
]

export const cases: ConformanceCase[] = futile.map((url) =>
  processing(`A source with the URL ${url} dispatches one error, closes and never retries`, async (scene) => {
    const source = scene.open({ retry: { initialDelay: 10 } }, url)
    assert.equal(source.url, url)
    assert.equal(source.readyState, 0)
    const watch = scene.observe(source)
    assert.equal((await watch.next('error')).readyState, 2)
    await pause(120)
    assert.deepEqual(watch.types, ['error'])
    assert.equal(source.readyState, 2)
  }),
)
