// What the suite tests. The bundler puts another module in this one's place when SUITE_IMPLEMENTATION asks for it.
export { ErrorEvent, EventSource } from '../../../src/index.ts'
