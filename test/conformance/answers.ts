import type { Answer, Step } from '../../fixtures/feed-server/plan.ts'

/** A stream that stays open after its body was sent. */
export function stream(...body: Step[]): Answer {
  return { body }
}

/** A stream that ends cleanly. */
export function endedStream(...body: Step[]): Answer {
  return { body, ending: 'end' }
}

/** A stream whose connection is reset. Its last bytes may be lost, as on any network. */
export function resetStream(...body: Step[]): Answer {
  return { body, ending: 'reset' }
}

/** A stream whose connection is closed in the middle of the response. */
export function tornStream(...body: Step[]): Answer {
  return { body, ending: 'tear' }
}

/** A complete response with the given status and a text of type text/plain. */
export function refusal(status: number, text = '', headers: readonly (readonly [string, string])[] = []): Answer {
  return { status, contentType: 'text/plain; charset=utf-8', headers, body: [text], ending: 'end' }
}

export function redirect(status: number, location: string): Answer {
  return { status, contentType: null, headers: [['Location', location]], ending: 'end' }
}

/** The connection is reset before there is a response. */
export const noAnswer: Answer = { withoutHead: true, ending: 'reset' }

/** A request that gets no response. */
export const silence: Answer = { withoutHead: true }
