import type { Position, StreamMessage, TabRequest, Update } from './protocol.ts'

/** The number of messages that each tab keeps for tabs that missed some, unless its own `replay` is larger. */
const defaultCount = 128

/** The maximum length of these messages together, in characters. The last one is kept even if it is longer. */
const maxCharacters = 2 ** 20

function lengthOf({ type, data, lastEventId }: StreamMessage): number {
  return type.length + data.length + lastEventId.length
}

function toPosition({ key, lastEventId }: Position): Position {
  return { key, lastEventId }
}

/**
 * Finds out where in a list of successive positions a tab is. A tab that is at none of them may still have received the
 * same event over another connection: one with the same ID. A tab that has received nothing, and was given an ID,
 * is where a server resumes after that ID: after the last event that has it.
 * @returns the index of the position, or -1
 */
export function findPosition(positions: readonly Position[], tab: Position): number {
  const index = positions.findIndex(({ key }) => key === tab.key)
  if (index >= 0 || !tab.lastEventId) return index
  return positions.findLastIndex(({ lastEventId }) => lastEventId === tab.lastEventId)
}

/** The position of a tab in the event stream, and the last messages before that position. */
export class MessageHistory {
  /** The last event ID string: that of the last message, unless a block without a message has set another one since. */
  lastEventId: string
  /** The number of past messages that this tab wants when it joins. */
  readonly replay: number
  readonly #messages: StreamMessage[] = []
  /** The length of the messages together, in characters. */
  #characters = 0
  /** The position before the first of the messages. */
  #start: Position

  constructor(lastEventId: string, replay: number) {
    this.lastEventId = lastEventId
    this.replay = replay
    this.#start = { key: 0, lastEventId }
  }

  /** The position of the tab. */
  get position(): Position {
    return toPosition(this.#messages.at(-1) ?? this.#start)
  }

  /** Whether the tab knows the current position of the stream. */
  get isKnown(): boolean {
    return this.position.key !== 0
  }

  append(message: StreamMessage): void {
    this.lastEventId = message.lastEventId
    this.#messages.push(message)
    this.#characters += lengthOf(message)
    const maxCount = Math.max(defaultCount, this.replay)
    while (this.#messages.length > (this.#characters > maxCharacters ? 1 : maxCount)) this.#dropFirst()
  }

  #dropFirst(): void {
    const first = this.#messages.shift()
    if (!first) return
    this.#start = first
    this.#characters -= lengthOf(first)
  }

  /**
   * Moves to a position, unless the tab is already there, and forgets its messages, which do not lead up to that
   * position.
   */
  join(position: Position): void {
    if (position.key === this.position.key) return
    this.#messages.length = 0
    this.#characters = 0
    this.#start = position
  }

  /** The messages that a tab lacks, or none if they are not known, and the position before them. */
  messagesFor(tab: TabRequest): Pick<Update, 'after' | 'messages'> {
    const { length } = this.#messages
    const positions = [this.#start, ...this.#messages]
    let index = findPosition(positions, tab)
    // A tab that joins, and has nothing to resume after.
    if (index < 0 && !tab.key && !tab.lastEventId) index = Math.max(0, length - tab.replay)
    if (index < 0 || index === length) return { after: this.position, messages: [] }
    return { after: toPosition(positions[index] as Position), messages: this.#messages.slice(index) }
  }
}
