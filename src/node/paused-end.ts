import { channel } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'

/** As much as is needed here of undici's parser of HTTP/1.1. */
interface Parser {
  readonly ptr: number
  readonly llhttp: { llhttp_resume(parser: number): void }
  readonly socket: Socket
  paused: boolean
  execute(bytes: Uint8Array): void
  finish(): unknown
}

/** Under which undici keeps the parser of a connection; each copy of undici has a symbol of its own. */
let key: symbol | undefined

function findParser(socket: Socket): Parser | undefined {
  if (!key || !(key in socket)) {
    key = Object.getOwnPropertySymbols(socket).find(({ description }) => description === 'parser')
  }
  return key && (socket as unknown as Record<symbol, Parser>)[key]
}

/** Parses what is left of a body that is over, whether or not its consumer is behind. */
function flush(parser: Parser): void {
  const goOn = (): void => {
    parser.llhttp.llhttp_resume(parser.ptr)
    parser.paused = false
  }
  let chunk: Uint8Array | null | undefined
  while (parser.paused && chunk !== null) {
    goOn()
    chunk = parser.socket.read() as Uint8Array | null
    // Without bytes, the parser still finds out that the body is complete.
    parser.execute(chunk ?? new Uint8Array())
  }
  if (parser.paused) goOn()
}

/** What parsers inherit their functions from. */
const mended = new WeakSet<object>()

function mend({ socket }: { socket: Socket }): void {
  const prototype = Object.getPrototypeOf(findParser(socket) ?? {}) as Partial<Parser>
  if (!prototype.finish || mended.has(prototype)) return
  mended.add(prototype)
  const { finish } = prototype
  prototype.finish = function (this: Parser) {
    flush(this)
    return finish.call(this)
  }
}

let isMended = false

/**
 * undici 7 throws an uncatchable AssertionError when a connection that is not kept alive ends while its body is paused
 * (https://github.com/nodejs/undici/issues/5360, mended in undici 8). Where undici's parser looks different, nothing is
 * done.
 */
export function mendPausedEnds(): void {
  if (isMended) return
  isMended = true
  channel('undici:client:connected').subscribe((message) => mend(message as { socket: Socket }))
}
