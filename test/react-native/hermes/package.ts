import * as everysource from '../../../src/index.ts'

Object.defineProperty(globalThis, '__everysource', { value: everysource })
