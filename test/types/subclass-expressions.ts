// A library that exports subclass expressions, and whose declarations are generated. They name each type of a member: in a
// project without lib.dom, TypeScript cannot name those of Node's EventTarget.
import { EventSource } from 'everysource'
import { SharedEventSource } from 'everysource/shared'

export const createClass = () =>
  class extends EventSource {
    count = 0
  }

// biome-ignore lint/suspicious/noExplicitAny: TypeScript requires it of mixins.
export function withCount<Base extends new (...given: any[]) => EventSource>(Class: Base) {
  return class extends Class {
    count = 0
  }
}

export const CountingShared = withCount(SharedEventSource)
export const counts = [new (createClass())('/feed').count, new CountingShared('/').count]
