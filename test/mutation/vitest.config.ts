// The fast tests of the mutated files and of the files that use them.
export default {
  test: {
    include: [
      'test/{attempt,event-source,event-stream,options,parser,retry,session}.test.ts',
      'test/streams/parser.test.ts',
    ],
    // Long enough that a busy machine does not fail a test.
    testTimeout: 15_000,
    expect: { poll: { timeout: 10_000 } },
  },
}
