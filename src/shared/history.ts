import type { Position, Reply, StreamMessage, TabRequest, Update } from './protocol.ts'

/** The number of messages that each tab keeps for tabs that lack some, unless it wants more for itself by `replay`. */
const defaultCount = 128

/** The maximum length of these messages together, in characters. The last one is kept even if it is longer. */
const maxCharacters = 2 ** 20

function lengthOf({ type, data, lastEventId }: StreamMessage): number {
  return type.length + data.length + lastEventId.length
}

/** The position of a tab in the event stream, and the last messages before that position. */
export class MessageHistory implements Position {
  series = 0
  number = 0
  lastEventId: string
  /** The number of past messages that this tab wants when it joins. */
  readonly replay: number
  readonly #messages: StreamMessage[] = []
  /** The length of the messages together, in characters. */
  #characters = 0
  /** The last event ID before the first of the messages. */
  #idBefore: string

  constructor(lastEventId: string, replay: number) {
    this.lastEventId = lastEventId
    this.replay = replay
    this.#idBefore = lastEventId
  }

  /** Whether the tab knows where the stream was left. */
  get isKnown(): boolean {
    return this.series !== 0
  }

  append(message: StreamMessage): void {
    this.number++
    this.lastEventId = message.lastEventId
    this.#messages.push(message)
    this.#characters += lengthOf(message)
    const maxCount = Math.max(defaultCount, this.replay)
    while (this.#messages.length > (this.#characters > maxCharacters ? 1 : maxCount)) this.#dropFirst()
  }

  #dropFirst(): void {
    const first = this.#messages.shift()
    if (!first) return
    this.#idBefore = first.lastEventId
    this.#characters -= lengthOf(first)
  }

  /** Begins a series, unless there is one and an ID to resume it after. Otherwise the server sends only what is new. */
  ensureSeries(): void {
    if (this.series && this.lastEventId) return
    this.series = Math.random()
    this.number = 0
  }

  /**
   * Adopts the leader's way of counting.
   * @param number that of the message before the next one
   * @param idBefore the last event ID before the next message; the empty string if it is not known
   */
  join(series: number, number: number, idBefore: string): void {
    this.#messages.length = 0
    this.#characters = 0
    this.#idBefore = idBefore
    this.series = series
    this.number = number
  }

  /**
   * Compares the messages of an update with the position of the tab, which joins the series of the update if it can.
   * @returns whether the messages continue from that position, or else whether the leader can still send those between
   */
  follow({ series, number, lastEventId, messages, reply }: Update): 'contiguous' | 'gap' | 'permanent gap' {
    const numberBefore = number - messages.length
    const isSameSeries = series === this.series
    if (isSameSeries && numberBefore <= this.number) return 'contiguous'
    // The tab may have moved on since it asked.
    const isCurrentReply = reply?.series === this.series && reply.number === this.number
    // Without an ID to resume after, and without a wish for what came before, the tab can join anywhere.
    const canJoin = !this.lastEventId && (this.isKnown || this.replay === 0 || number === 0)
    const isContiguous = isCurrentReply ? reply.isContiguous || !this.lastEventId : !reply && !isSameSeries && canJoin
    if (isContiguous) {
      this.join(series, numberBefore, number === numberBefore ? lastEventId : '')
      return 'contiguous'
    }
    return isCurrentReply ? 'permanent gap' : 'gap'
  }

  /** The messages that a tab lacks, and whether they continue from where it is. */
  messagesFor(request: TabRequest): { messages: StreamMessage[]; reply: Reply } {
    const { from, series, number } = request
    const { length } = this.#messages
    const count = this.#countFor(request)
    return {
      messages: this.#messages.slice(Math.max(0, length - count)),
      reply: { to: from, isContiguous: count <= length, series, number },
    }
  }

  /** The number of messages that a tab lacks; Infinity if that is not known. */
  #countFor({ series, number, lastEventId, replay }: TabRequest): number {
    if (series === this.series) return this.number - number
    if (lastEventId) {
      const ids = [this.#idBefore, ...this.#messages.map((message) => message.lastEventId)]
      const index = ids.indexOf(lastEventId)
      return index < 0 ? Infinity : this.#messages.length - index
    }
    return series ? 0 : replay
  }
}
