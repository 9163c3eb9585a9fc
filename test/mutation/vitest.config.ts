// The fast tests of the files that are mutated, and of those that use them.
export default {
  test: {
    include: [
      'test/{attempt,event-source,event-stream,options,parser,retry,session}.test.ts',
      'test/streams/parser.test.ts',
    ],
  },
}
