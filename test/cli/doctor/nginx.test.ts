import process from 'node:process'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type DoctorFeeds, startDoctorFeeds } from '../../../fixtures/doctor-feeds.ts'
import type { CheckName } from '../../../src/cli/doctor/checks.ts'
import { diagnose } from './diagnose.ts'
import { type Nginx, nginx, startNginx } from './nginx.ts'

const { CI } = process.env

if (!nginx && !CI) console.warn('SKIPPED: nginx is missing (Debian: nginx-light)')

describe.skipIf(!nginx && !CI)('a feed behind nginx', () => {
  let feeds: DoctorFeeds
  let proxy: Nginx

  beforeAll(async () => {
    feeds = await startDoctorFeeds()
    const feed = `proxy_pass ${feeds.origin}/paced;`
    const gzip = 'gzip on; gzip_types text/event-stream;'
    proxy = await startNginx(`
      location = /buffered { proxy_buffering on; ${feed} }
      location = /unbuffered { proxy_buffering off; ${feed} }
      location = /buffered-and-gzipped { proxy_buffering on; ${gzip} ${feed} }
      location = /unbuffered-and-gzipped { proxy_buffering off; ${gzip} ${feed} }
      # What comes in chunks, nginx passes on by the chunk, buffering or not; but gzip does not flush them.
      location = /gzipped { proxy_buffering on; proxy_http_version 1.1; ${gzip} ${feed} }
      location = /gzipped-for-ever {
        proxy_buffering on; proxy_http_version 1.1; ${gzip} proxy_pass ${feeds.origin}/sound;
      }
    `)
  })
  afterAll(async () => {
    await proxy?.close()
    await feeds?.close()
  })

  const verdicts = async (path: string) => {
    const { compression, buffering } = await diagnose(proxy.origin + path)
    return { compression, buffering }
  }
  // On a busy machine, buffers may run into each other; then the events' own times tell.
  const passedOnLater = /in pieces of .+ began in the middle of a line|late and together/
  const finding = (check: CheckName, status: string, seen: RegExp, mend: RegExp) => ({
    check,
    status,
    seen: expect.stringMatching(seen),
    mend: expect.stringMatching(mend),
  })

  test.concurrent('proxy_buffering on', async () => {
    expect(await verdicts('/buffered')).toEqual({
      compression: { check: 'compression', status: 'ok', seen: 'none' },
      buffering: finding('buffering', 'fail', passedOnLater, /proxy_buffering off;/),
    })
  })

  test.concurrent('proxy_buffering off', async () => {
    expect(await verdicts('/unbuffered')).toEqual({
      compression: { check: 'compression', status: 'ok', seen: 'none' },
      buffering: { check: 'buffering', status: 'ok', seen: expect.stringMatching(/20 events without undue delay/) },
    })
  })

  test.concurrent('gzip on, where something else holds the events back anyway', async () => {
    expect(await verdicts('/buffered-and-gzipped')).toEqual({
      compression: { check: 'compression', status: 'skip', seen: expect.stringMatching(/^gzip: cannot be told/) },
      buffering: finding('buffering', 'fail', passedOnLater, /proxy_buffering off;/),
    })
  })

  test.concurrent('gzip on, flushed since nothing is buffered', async () => {
    expect(await verdicts('/unbuffered-and-gzipped')).toEqual({
      compression: { check: 'compression', status: 'ok', seen: 'gzip, flushed after each event' },
      buffering: { check: 'buffering', status: 'ok', seen: expect.stringMatching(/20 events without undue delay/) },
    })
  })

  test.concurrent('gzip on, and not flushed', async () => {
    expect(await verdicts('/gzipped')).toEqual({
      compression: finding('compression', 'fail', /^gzip: events come late and together/, /flush.+gzip off;/),
      buffering: { check: 'buffering', status: 'ok', seen: expect.stringMatching(/20 events without undue delay/) },
    })
  })
  test.concurrent('gzip on, and not flushed while a client looks', async () => {
    const { status, compression, buffering } = await diagnose(`${proxy.origin}/gzipped-for-ever`, { time: 4_000 })
    expect(status).toMatchObject({ status: 'fail', seen: 'connected, but no response in 4 s' })
    expect(compression).toEqual(finding('compression', 'fail', /without compression, \d+ events came/, /gzip off;/))
    expect(buffering.status).toBe('ok')
  })
})
