// The fast tests of the mutated files and of the files that use them.
export default {
  test: {
    include: [
      'test/{attempt,callbacks,content-type,deadline,event-source,parser,refusal}.test.ts',
      'test/{request,request-body,retry,retry-after,retry-delay,session,session-model,session-retry}.test.ts',
      'test/options/*.test.ts',
      'test/event-stream/!(streams).test.ts',
      'test/streams/parser.test.ts',
    ],
    // Long enough that a busy machine does not fail a test.
    testTimeout: 15_000,
    expect: { poll: { timeout: 10_000 } },
  },
}
