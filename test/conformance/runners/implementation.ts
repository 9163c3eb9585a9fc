// The implementation under test. The bundler replaces this module when SUITE_IMPLEMENTATION is set.
export { ErrorEvent, EventSource } from '../../../src/index.ts'
