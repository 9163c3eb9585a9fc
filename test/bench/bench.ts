import process from 'node:process'
import installRuntimes from '../runtimes/install.ts'
import { measureWork } from './measure-work.ts'
import { readOptions } from './options.ts'
import { installPeers } from './peers.ts'
import { entryOf, type Feed, makePrograms, type Programs, runClient, startFeed } from './processes.ts'
import { failIfOursFailed, reportResult, titleAtScale, titleOf } from './report.ts'
import type { Result } from './result.ts'
import { subjects } from './subjects.ts'
import { type Work, type WorkName, workNames, works } from './works.ts'

/** How long a client may take before it is killed, in ms. */
const longestRun = 60_000

const root = `${import.meta.dirname}/../..`

const options = readOptions('bench', workNames)
const { scale } = options

function participantsOf({ subjects: names }: Work) {
  return names.filter((name) => options.takesPart(name))
}

async function measure(name: WorkName, programs: Programs, feed: Feed): Promise<Result> {
  const work = works[name]
  const { title, metrics, runtime, route, measurement } = work
  const count = Math.ceil(work.count * scale)
  const url = `${feed.origin}${route}`
  await fetch(`${url}?count=${count}`, { method: 'HEAD' })
  const participants = await Promise.all(
    participantsOf(work).map(async (subject) => {
      const checkout = subject === 'other' ? (options.other ?? root) : root
      const task = { subject, measurement, url, count, everysource: entryOf(checkout, runtime) }
      return {
        subject: { ...subjects[subject], title: await titleOf(subjects[subject]) },
        run: () => runClient(programs.client, runtime, task, longestRun),
      }
    }),
  )
  return measureWork(name, { title: titleAtScale(title, scale), metrics }, participants, options)
}

if (!(await installPeers())) process.exit(1)
if (options.works.some((name) => works[name].runtime !== 'node')) await installRuntimes()
const programs = await makePrograms()
const feed = await startFeed(programs.feed)
try {
  for (const name of options.works) {
    const result = await measure(name, programs, feed)
    await reportResult(result, options.output)
    failIfOursFailed(result)
  }
} finally {
  await feed.close()
  await programs.remove()
}
