import process from 'node:process'

const { SUITE_IMPLEMENTATION } = process.env

/**
 * The implementation under test: the library from its source by default, or with SUITE_IMPLEMENTATION=native the
 * runtime's own EventSource, as a reference to check cases against (browsers, Deno and workerd have one).
 */
export const testedImplementation = SUITE_IMPLEMENTATION ?? 'source'
