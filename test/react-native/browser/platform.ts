// What browsers do, with the decoder of the transport over XMLHttpRequest: browsers strip the byte order mark themselves.
import { createDecoder as createByteDecoder } from '../../../src/platform/browser.ts'
import type { Decode } from '../../../src/platform/platform.ts'
import { TextChunk } from '../../../src/react-native/text-chunk.ts'

export {
  adaptEventHandlers,
  createHeaders,
  EventBase,
  EventTargetBase,
  findMissingGlobal,
  isHeader,
  messageEventMembers,
  onAbort,
  showFields,
} from '../../../src/platform/browser.ts'

export function createDecoder(): Decode {
  const decode = createByteDecoder()
  return (chunk) => (chunk instanceof TextChunk ? chunk.text : decode(chunk))
}
