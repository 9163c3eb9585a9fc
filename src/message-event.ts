/** Makes the event that a message is dispatched as. */
export type CreateMessageEvent = (type: string, data: string, origin: string, lastEventId: string) => MessageEvent

let create: CreateMessageEvent = (type, data, origin, lastEventId) =>
  new MessageEvent(type, { data, origin, lastEventId })

export const createMessageEvent: CreateMessageEvent = (type, data, origin, lastEventId) =>
  create(type, data, origin, lastEventId)

/** For the entry point of a runtime that has a faster way. */
export function setCreateMessageEvent(createFaster: CreateMessageEvent): void {
  create = createFaster
}
