import process from 'node:process'

const { SUITE_IMPLEMENTATION } = process.env

/**
 * What the suite tests: the library from its source, or, with SUITE_IMPLEMENTATION=native, the runtime's own
 * EventSource, as a reference to check cases against (browsers, Deno and workerd have one).
 */
export const testedImplementation = SUITE_IMPLEMENTATION ?? 'source'
