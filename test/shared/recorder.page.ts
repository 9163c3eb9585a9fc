import { Recorder } from './recorder.ts'

// The tests create recorders in the page, and call them.
Object.assign(globalThis, { Recorder })
