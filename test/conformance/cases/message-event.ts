import { assert } from 'chai'
import { stream } from '../answers.ts'
import type { ConformanceCase } from '../case.ts'
import { under } from '../scene.ts'

const messageEvent = under('HTML: The MessageEvent interface')
const webIdl = under('WebIDL: ECMAScript binding')

const attributes = ['data', 'origin', 'lastEventId', 'source', 'ports'] as const

function isAccessor(event: object, name: string): boolean {
  const prototype: object | null = Object.getPrototypeOf(event)
  if (prototype === null) return false
  const { get, set, enumerable } = Object.getOwnPropertyDescriptor(prototype, name) ?? {}
  if (!get) return isAccessor(prototype, name)
  assert.isUndefined(set, name)
  assert.isTrue(enumerable, name)
  assert.throws(() => get.call({}), TypeError)
  return true
}

export const cases: ConformanceCase[] = [
  webIdl('The constructor of a message is named MessageEvent', async (scene) => {
    await scene.plan([stream('data: a\n\n')])
    const event = await scene.watch().nextMessage()
    assert.instanceOf(event, Event)
    assert.equal(event.constructor, MessageEvent)
    // The string is "[object Event]" in Node 20.
    const own = new MessageEvent('message')
    assert.equal(Object.prototype.toString.call(event), Object.prototype.toString.call(own))
  }),

  webIdl('The attributes of a message are accessors of its prototypes that reject any other object', async (scene) => {
    await scene.plan([stream('data: a\n\n')])
    const event = await scene.watch().nextMessage()
    for (const name of attributes) assert.isTrue(isAccessor(event, name), name)
  }),

  webIdl('A message has the own properties of any event', async (scene) => {
    await scene.plan([stream('data: a\n\n')])
    const event = await scene.watch().nextMessage()
    assert.deepEqual(Object.keys({ ...event }), Object.keys(new Event('message')))
  }),

  webIdl('Every enumerable member of a message can be read', async (scene) => {
    await scene.plan([stream('id: 7\ndata: a\n\n')])
    const event = await scene.watch().nextMessage()
    const members: Record<string, unknown> = {}
    // biome-ignore lint/suspicious/useGuardForIn: those of the prototypes are meant.
    for (const name in event) members[name] = event[name as keyof MessageEvent]
    assert.containsAllKeys(members, [...attributes])
    assert.equal(members['data'], 'a')
    assert.equal(members['lastEventId'], '7')
  }),

  messageEvent('The ports of a message are always the same array, frozen as in any MessageEvent', async (scene) => {
    await scene.plan([stream('data: a\n\n')])
    const event = await scene.watch().nextMessage()
    assert.equal(event.ports, event.ports)
    assert.isArray(event.ports)
    // Not every runtime freezes the array: Node 20 does not.
    assert.equal(Object.isFrozen(event.ports), Object.isFrozen(new MessageEvent('message').ports))
  }),

  messageEvent('A message has the same attributes when it is dispatched again', async (scene) => {
    await scene.plan([stream('id: 7\ndata: a\n\n')])
    const event = await scene.watch().nextMessage()
    const heard: unknown[] = []
    const target = new EventTarget()
    target.addEventListener('message', (given) => {
      const { data, lastEventId, origin } = given as MessageEvent
      heard.push([given === event, data, lastEventId, origin])
    })
    target.dispatchEvent(event)
    assert.deepEqual(heard, [[true, 'a', '7', scene.context.feed]])
  }),
]
