import { Witness } from './witness.ts'

// The tests make witnesses in the page, and ask them.
Object.assign(globalThis, { Witness })
