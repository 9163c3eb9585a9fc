import { protocolVersion, readMessage, type TabMessage } from './protocol.ts'

/** What a tab receives from the others. */
export interface ChannelHandler {
  receive(message: TabMessage): void
  /** There are tabs with another version of the messages. Called once. */
  metOtherVersion(): void
}

/** The channel of a tab to the others, for messages of this version. It can be closed and opened again. */
export class TabChannel {
  readonly #BroadcastChannel: typeof BroadcastChannel
  readonly #name: string
  readonly #unref: boolean
  readonly #handler: ChannelHandler
  #channel: BroadcastChannel | undefined
  #hasMetOtherVersion = false

  /** @param unref whether a process of Node may end while the channel is open */
  constructor(Class: typeof BroadcastChannel, name: string, unref: boolean, handler: ChannelHandler) {
    this.#BroadcastChannel = Class
    this.#name = name
    this.#unref = unref
    this.#handler = handler
  }

  /** @throws DOMException if the platform refuses */
  open(): void {
    if (this.#channel) return
    this.#channel = new this.#BroadcastChannel(this.#name)
    if (this.#unref) (this.#channel as { unref?(): void }).unref?.()
    this.#channel.onmessage = ({ data }) => this.#receive(data)
  }

  send(message: TabMessage): void {
    this.#channel?.postMessage({ version: protocolVersion, ...message })
  }

  close(): void {
    this.#channel?.close()
    this.#channel = undefined
  }

  #receive(data: unknown): void {
    const message = readMessage(data)
    if (typeof message === 'object') this.#handler.receive(message)
    else if (message !== undefined && !this.#hasMetOtherVersion) {
      this.#hasMetOtherVersion = true
      this.#handler.metOtherVersion()
    }
  }
}
