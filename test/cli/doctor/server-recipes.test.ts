import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type DoctorFeeds, startDoctorFeeds } from '../../../fixtures/doctor-feeds.ts'
import {
  recognizeServers,
  type ServerName,
  serverNames,
  serverRecipes,
} from '../../../src/cli/doctor/server-recipes.ts'
import { diagnose } from './diagnose.ts'
import { isInstalled, recipePrograms, startRecipe } from './recipe-servers.ts'

test('Every recipe has one to three lines that fit', () => {
  for (const name of serverNames) {
    const { lines } = serverRecipes[name]
    expect(lines.length).toBeLessThanOrEqual(3)
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(132)
  }
})

test.for([
  [{ server: 'nginx/1.22.1', 'x-powered-by': 'Express' }, ['nginx', 'express']],
  [{ server: 'Apache/2.4.57 (Debian)' }, ['apache']],
  [{ server: 'cloudflare', 'cf-ray': '1-FRA' }, ['cloudflare']],
  [{ server: 'Kestrel' }, ['aspnet']],
  [{ 'x-runtime': '0.01', 'x-request-id': 'a' }, ['rails']],
  [{ server: 'something else' }, []],
] as const)('The headers %j are recognized as %j', ([headers, names]) => {
  expect(recognizeServers(headers)).toEqual(names)
})

describe('Each recipe fixes its server', () => {
  let feeds: DoctorFeeds

  beforeAll(async () => {
    feeds = await startDoctorFeeds()
  })
  afterAll(() => feeds.close())

  for (const [name, program] of Object.entries(recipePrograms)) {
    const canRun = isInstalled(program)
    if (!canRun) console.warn(`SKIPPED: the recipe for ${name}, because ${program.executable} is not installed`)
    test.skipIf(!canRun)(`The recipe for ${name} passes the checks`, async () => {
      await using server = await startRecipe(name as ServerName, program, new URL(feeds.origin).host)
      const findings = await diagnose(server.url)
      const relevant = [
        'status',
        'content-type',
        'cache-control',
        'compression',
        'buffering',
        'events',
        'blank-line',
      ] as const
      expect(relevant.map((check) => findings[check]).filter(({ status }) => status !== 'ok')).toEqual([])
      expect(findings.events.message).toBe('20 events')
    })
  }
})
