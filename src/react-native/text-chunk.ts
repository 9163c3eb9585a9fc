/**
 * A chunk of a response that arrives as text. It has the members of a Uint8Array that are used between a transport and
 * the decoder; its length is in characters.
 */
export class TextChunk {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  get length(): number {
    return this.text.length
  }

  subarray(start: number, end: number): TextChunk {
    return new TextChunk(this.text.slice(start, end))
  }
}
