// What an app imports, left where the programs of tests find it.
import * as everysource from '../../../src/index.ts'
import { SharedEventSource } from '../../../src/shared/unshared-event-source.ts'

Object.defineProperty(globalThis, '__everysource', { value: { ...everysource, SharedEventSource } })
