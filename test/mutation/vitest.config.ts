// The fast tests of the files that are mutated, and of those that use them.
export default {
  test: {
    include: [
      'test/{attempt,event-source,event-stream,options,parser,retry,session}.test.ts',
      'test/streams/parser.test.ts',
    ],
    // Long enough that a busy machine is not taken for a test that fails.
    testTimeout: 15_000,
    expect: { poll: { timeout: 10_000 } },
  },
}
