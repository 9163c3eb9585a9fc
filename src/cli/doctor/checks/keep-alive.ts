import type { Examination } from '../examination.ts'
import { greatest } from '../pace.ts'
import { fail, ok, skip, type Verdict, warn } from '../verdict.ts'
import { amount, time } from '../wording.ts'

/** Proxies that are not told otherwise end a connection after a minute of silence, in ms. */
const longestSilence = 55_000

const mend =
  "send a comment line (':\\n\\n') every 15 s or so: proxies end a connection that is silent (nginx after 60 s: proxy_read_timeout), and clients cannot tell silence from a lost connection"

export function checkKeepAlive({ main, idleTimeout }: Examination): Verdict {
  const { recording, stream } = main
  if (recording.head?.status !== 200) return skip('no stream')
  const { head, body, end, duration } = recording
  const last = end.kind === 'time' ? duration : (body.at(-1)?.at ?? duration)
  const arrivals = [head.at, ...body.map(({ at }) => at), last]
  const silence = greatest(arrivals.map((at, index) => at - (arrivals[index - 1] ?? at)))
  const { comments } = stream
  const intervals = comments.slice(1).map((at, index) => at - (comments[index] ?? at))
  const interval = intervals.toSorted((one, other) => one - other)[Math.floor(intervals.length / 2)]
  const every = interval === undefined ? amount(comments.length, 'comment') : `a comment every ${time(interval)}`
  if (idleTimeout && silence > idleTimeout) {
    return fail(`${every}; silent for ${time(silence)}, more than --idle-timeout allows`, mend)
  }
  if (silence >= longestSilence) return fail(`${every}; silent for ${time(silence)}`, mend)
  if (interval !== undefined) return ok(every)
  if (end.kind !== 'time') return skip(`${every}; too short to tell`)
  const seen = `${comments.length === 0 ? 'no comment' : every} in ${time(duration)}`
  if (silence < duration / 2) return ok(`${seen}; silent for ${time(silence)} at the longest`)
  return warn(`${seen}, silent for ${time(silence)}; a longer look may show one: --seconds 60`, mend)
}
