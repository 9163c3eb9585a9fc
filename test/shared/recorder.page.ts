import { SharedEventSource } from '../../src/shared/shared-event-source.ts'
import { Recorder } from './recorder.ts'

// The tests create recorders and sources in the page, and call them.
Object.assign(globalThis, { Recorder, SharedEventSource })
