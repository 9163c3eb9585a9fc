interface TestFile {
  readonly moduleId: string
}

const takesSeconds = /session-model|retry-delay|event-stream/

/** Runs the quick tests first: a mutant needs only one test that fails. */
class SlowTestsLast {
  async sort<File extends TestFile>(files: File[]): Promise<File[]> {
    const isSlow = ({ moduleId }: File): boolean => takesSeconds.test(moduleId)
    return [...files.filter((file) => !isSlow(file)), ...files.filter(isSlow)]
  }

  async shard<File extends TestFile>(files: File[]): Promise<File[]> {
    return files
  }
}

// The fast tests of the mutated files and of the files that use them.
export default {
  test: {
    include: [
      'test/{attempt,callbacks,content-type,deadline,event-source,import,parser,refusal}.test.ts',
      'test/{request,request-body,retry,retry-after,retry-delay}.test.ts',
      'test/{session,session-leaving,session-model,session-one-shot-body,session-retry}.test.ts',
      'test/options/*.test.ts',
      'test/event-stream/!(event-queue|streams).test.ts',
      'test/streams/parser.test.ts',
    ],
    sequence: { sequencer: SlowTestsLast },
    // Long enough that a busy machine does not fail a test.
    testTimeout: 15_000,
    expect: { poll: { timeout: 10_000 } },
  },
}
