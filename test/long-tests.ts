import process from 'node:process'

/**
 * The tests that `npm test` leaves out where `CI` is not set, because a developer would not wait for them: other people's
 * code and platforms, compilers, long runs, and what other tests show in one version or browser.
 */
export const longTests = [
  'test/bench/bench.test.ts',
  'test/cli/doctor/server-recipes.test.ts',
  'test/cli/listen/state-file.test.ts',
  'test/clients/*.test.ts',
  'test/conformance/{failure-modes,node}.test.ts',
  'test/faults/{demo,faults,leaks,many-objects,many-reconnections}.test.ts',
  'test/fuzz/fuzz.test.ts',
  'test/package/{shell,types}.test.ts',
  'test/playground/{accessibility,request}.test.ts',
  'test/react-native/*.test.ts',
  'test/shared/{every-browser,firefox,webkit}.test.ts',
]

/** The tests that a run leaves out: none if it was asked for some of the tests, by `--project` or by the name of a file. */
export function findLeftOut(): readonly string[] {
  const isFiltered = process.argv.slice(2).some((argument) => !/^(run|list|-(?!-project).*)$/.test(argument))
  return process.env['CI'] || isFiltered ? [] : longTests
}
