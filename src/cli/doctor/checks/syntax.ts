import type { Examination } from '../examination.ts'
import { greatest, isTorn, longPauses } from '../pace.ts'
import type { Place, ScannedEvent, ScannedField } from '../scan.ts'
import { fail, ok, skip, type Verdict, warn } from '../verdict.ts'
import { amount, excerpt, time } from '../wording.ts'

const place = ({ offset, line }: Place): string => `line ${line}, byte ${offset.toLocaleString('en-US')}`

export function checkBlankLine({ main }: Examination): Verdict {
  const { stream, recording } = main
  const mend = "end every event with an empty line, in the same write: 'data: …\\n\\n'; clients hold it back until then"
  const last = stream.rests.at(-1)
  if (!last) return skip('nothing came')
  if (recording.end.kind === 'full' && stream.events.length === 0) {
    return fail(`${amount(stream.size, 'byte')} came, and no event was complete`, mend)
  }
  if (recording.end.kind === 'ended' && last.hasData) {
    return fail('the stream ended before the empty line after its last data, which is lost', mend)
  }
  const pauses = longPauses(main)
  const waits = pauses.filter((pause) => pause.hasData && !isTorn(pause))
  if (waits.length === 0 || waits.length < pauses.length / 2) return ok('every event is complete when it is sent')
  const longest = time(greatest(waits.map(({ length }) => length)))
  if (waits.every(({ position, next }) => position === 'in line' && next === undefined)) {
    return warn(`a line of data had not ended after ${longest}`, `${mend}; or a proxy holds the rest of it back`)
  }
  const none = stream.events.length === 0 ? ', and no event was complete' : ''
  return fail(`data waited up to ${longest} for an empty line after it${none}`, mend)
}

export function checkUtf8({ main }: Examination): Verdict {
  const { count, first } = main.stream.invalidBytes
  if (count === 0) return ok(`valid, ${amount(main.stream.size, 'byte')}`)
  const more = count > 1 ? `, and in ${amount(count - 1, 'line')} more` : ''
  return fail(
    `not UTF-8 at ${first.map(place)[0]}${more}`,
    'encode the stream as UTF-8: clients put U+FFFD in the place of what is not',
  )
}

export function checkJson({ main }: Examination): Verdict {
  const payloads = main.stream.events.filter(({ data }) => looksLikeJson(data))
  const broken = payloads.flatMap((event) => {
    const problem = findJsonProblem(event.data)
    return problem === undefined ? [] : [{ event, problem }]
  })
  const [example] = broken
  if (!example)
    return ok(payloads.length > 0 ? `${amount(payloads.length, 'payload')}, all parse` : 'no payload looks like JSON')
  return fail(
    `${broken.length} of ${amount(payloads.length, 'payload')} ${broken.length === 1 ? 'does' : 'do'} not parse: ${describeBroken(example.event)}: ${example.problem}`,
    'write each payload by a JSON serializer, on one line; a line of its own needs a data: of its own',
  )
}

/** An object or an array, be it cut off; but not `[DONE]`, nor a line of a log such as `[12:30] begun`. */
function looksLikeJson(data: string): boolean {
  return /^\s*(\{\s*"|\{.*\}\s*$|\[\s*["[{]|\[\s*('.*)?\]\s*$|\[\s*-?[\d.]+\s*(,|\]\s*$))/s.test(data)
}

function findJsonProblem(data: string): string | undefined {
  try {
    JSON.parse(data)
    return undefined
  } catch (error) {
    // The rest of the message is an excerpt of the payload.
    return (error as Error).message.replace(/(, "| \(line|, \.\.\.).*/s, '')
  }
}

const describeBroken = (event: ScannedEvent): string => `${excerpt(event.data)} at ${place(event)}`

export function checkFields({ main }: Examination): Verdict {
  const { unknownFields, events } = main.stream
  const [example] = unknownFields.first
  if (!example) return ok(`none but those of the standard, in ${amount(events.length, 'event')}`)
  const more = unknownFields.count > 1 ? `, and ${unknownFields.count - 1} more` : ''
  return fail(`${excerpt(example.name)} at ${place(example)}${more}`, mendField(example))
}

function mendField({ name, value }: ScannedField): string {
  const meant = name.trim().toLowerCase().replace('\uFEFF', '')
  if (/^(data|event|id|retry)$/.test(meant) && meant !== name) {
    return `write ${meant}: in lower case, at the beginning of the line, with nothing before the colon; clients ignore this line`
  }
  if (value === '' || !/^[\w-]+$/.test(name)) {
    return 'write data: before every line of a payload that has several; clients ignore this line'
  }
  return 'use event, data, id and retry only, or put it into the data; clients ignore this line'
}
