import { type Examination, readHeader } from '../examination.ts'
import { findDelay } from '../pace.ts'
import { fail, ok, skip, type Verdict, warn } from '../verdict.ts'
import { amount, time } from '../wording.ts'

const mend =
  'turn buffering off in the proxy (nginx: proxy_buffering off; or send X-Accel-Buffering: no; Apache: flushpackets=on at ProxyPass), and flush after every event in the server, which may be what collects them'

export function checkBuffering({ main, uncompressed }: Examination): Verdict {
  // What a compressor holds back is the matter of another check.
  const subject = uncompressed && uncompressed.stream.events.length > 0 ? uncompressed : main
  const { head, body, end } = subject.recording
  if (!head) return skip('no response')
  if (head.status !== 200) return skip('no stream')
  const asked = readHeader(head.headers, 'x-accel-buffering')?.toLowerCase()
  if (asked === 'yes')
    return fail('X-Accel-Buffering: yes, which has nginx collect the stream', 'send X-Accel-Buffering: no')
  const length = readHeader(head.headers, 'content-length')
  if (length !== undefined) {
    return fail(`Content-Length: ${length}: all of it was there before it was sent`, 'send each event when it happens')
  }
  if (end.kind === 'full') return skip('so much came that pauses tell nothing')
  const delay = findDelay(subject)
  if (delay) {
    const without = delay.isCertain ? mend : `if the server does not send them so: ${mend}`
    return (delay.isCertain ? fail : warn)(delay.seen, without)
  }
  const { events } = subject.stream
  const [first] = body
  if (!first || events.length === 0) return skip('no event came')
  const heeded = asked === 'no' ? '; X-Accel-Buffering: no, and no nginx on the way that takes it out' : ''
  return ok(`the first bytes after ${time(first.at)}, ${amount(events.length, 'event')} without undue delay${heeded}`)
}
