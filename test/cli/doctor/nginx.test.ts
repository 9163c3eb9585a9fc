import process from 'node:process'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type DoctorFeeds, startDoctorFeeds } from '../../../fixtures/doctor-feeds.ts'
import type { CheckName } from '../../../src/cli/doctor/checks.ts'
import { type Nginx, nginx, startNginx } from '../../nginx/start-nginx.ts'
import { diagnose } from './diagnose.ts'

const { CI } = process.env

if (!nginx && !CI) console.warn('SKIPPED: nginx is missing (Debian: nginx-light)')

describe.skipIf(!nginx && !CI)('The doctor examines a feed behind nginx', () => {
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
      # nginx passes on each chunk, with buffering too, but gzip does not flush it.
      location = /gzipped { proxy_buffering on; proxy_http_version 1.1; ${gzip} ${feed} }
      location = /gzipped-forever {
        proxy_buffering on; proxy_http_version 1.1; ${gzip} proxy_pass ${feeds.origin}/healthy;
      }
    `)
  })
  afterAll(async () => {
    await proxy?.close()
    await feeds?.close()
  })

  const results = async (path: string) => {
    const { compression, buffering } = await diagnose(proxy.origin + path)
    return { compression, buffering }
  }
  // On a busy machine, buffers may arrive together; then the timestamps of the events reveal the delay.
  const passedOnLater = /in pieces of .+ split a line|late and together/
  const finding = (check: CheckName, status: string, message: RegExp, fix: RegExp) => ({
    check,
    status,
    message: expect.stringMatching(message),
    fix: expect.stringMatching(fix),
  })

  test.concurrent('Buffering is reported with proxy_buffering on', async () => {
    expect(await results('/buffered')).toEqual({
      compression: { check: 'compression', status: 'ok', message: 'none' },
      buffering: finding('buffering', 'fail', passedOnLater, /proxy_buffering off;/),
    })
  })

  test.concurrent('No buffering is reported with proxy_buffering off', async () => {
    expect(await results('/unbuffered')).toEqual({
      compression: { check: 'compression', status: 'ok', message: 'none' },
      buffering: { check: 'buffering', status: 'ok', message: expect.stringMatching(/20 events without delays/) },
    })
  })

  test.concurrent('The compression check is skipped if buffering delays the events anyway', async () => {
    expect(await results('/buffered-and-gzipped')).toEqual({
      compression: { check: 'compression', status: 'skip', message: expect.stringMatching(/^gzip: cannot be checked/) },
      buffering: finding('buffering', 'fail', passedOnLater, /proxy_buffering off;/),
    })
  })

  test.concurrent('Compression passes with proxy_buffering off, where nginx flushes it', async () => {
    expect(await results('/unbuffered-and-gzipped')).toEqual({
      compression: { check: 'compression', status: 'ok', message: 'gzip, flushed after each event' },
      buffering: { check: 'buffering', status: 'ok', message: expect.stringMatching(/20 events without delays/) },
    })
  })

  test.concurrent('Compression that is not flushed is reported', async () => {
    expect(await results('/gzipped')).toEqual({
      compression: finding('compression', 'fail', /^gzip: events arrive late and together/, /flush.+gzip off;/),
      buffering: { check: 'buffering', status: 'ok', message: expect.stringMatching(/20 events without delays/) },
    })
  })

  test.concurrent('Compression that is never flushed is reported', async () => {
    const { status, compression, buffering } = await diagnose(`${proxy.origin}/gzipped-forever`, { time: 4_000 })
    expect(status).toMatchObject({ status: 'fail', message: 'connected, but no response in 4 s' })
    expect(compression).toEqual(finding('compression', 'fail', /without compression, \d+ events arrived/, /gzip off;/))
    expect(buffering.status).toBe('ok')
  })
})
