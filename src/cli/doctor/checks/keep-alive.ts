import { formatCount, formatDuration } from '../../format.ts'
import { type CheckResult, fail, ok, skip, warn } from '../check-result.ts'
import type { Examination } from '../examination.ts'
import { maximum } from '../pauses.ts'

/** The maximum silence in ms that is safe: by default, many proxies close a connection after 60 s. */
const maxSilence = 55_000

/** The minimum silence in ms that shows that comments are rare: many servers send one every 15 or 30 s. */
const minSilence = 40_000

const fix =
  "send a comment line (':\\n\\n') about every 15 s: proxies close silent connections (nginx after 60 s: proxy_read_timeout), and clients cannot tell a silent stream from a lost connection"

export function checkKeepAlive({ main, idleTimeout }: Examination): CheckResult {
  const { recording, stream } = main
  if (recording.head?.status !== 200) return skip('the response is not a stream')
  const { head, body, end, duration } = recording
  const last = end.kind === 'time' ? duration : (body.at(-1)?.at ?? duration)
  const arrivals = [head.at, ...body.map(({ at }) => at), last]
  const silence = maximum(arrivals.map((at, index) => at - (arrivals[index - 1] ?? at)))
  const { comments } = stream
  const intervals = comments.slice(1).map((at, index) => at - (comments[index] ?? at))
  const interval = intervals.toSorted((one, other) => one - other)[Math.floor(intervals.length / 2)]
  const frequency =
    interval === undefined ? formatCount(comments.length, 'comment') : `a comment every ${formatDuration(interval)}`
  const silent = `silent for ${formatDuration(silence)}`
  if (idleTimeout && silence > idleTimeout) {
    return fail(`${frequency}; ${silent}, longer than --idle-timeout`, fix)
  }
  if (silence >= maxSilence) return fail(`${frequency}; ${silent}`, fix)
  if (interval !== undefined) return ok(frequency)
  if (end.kind !== 'time') return skip(`${frequency}; the stream was too short to check`)
  const message = `${frequency} in ${formatDuration(duration)}; ${silent}`
  if (silence < duration / 2) return ok(`${message} at most`)
  if (silence >= minSilence) return warn(message, fix)
  return skip(`${message}, which is too short to check; use --seconds 60`)
}
