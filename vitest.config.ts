import { configDefaults, defineConfig } from 'vitest/config'
import { thrownOnPurpose } from './test/conformance/case.ts'
import ConformanceSummary from './test/conformance/runners/summary.ts'
import { findLeftOut } from './test/long-tests.ts'

const leftOut = findLeftOut()

/** Says what a run leaves out. */
const leftOutReporter = {
  onInit(): void {
    if (leftOut.length) console.warn(`SKIPPED, because CI is not set: ${leftOut.join(', ')}`)
  },
}

export default defineConfig({
  test: {
    // Most of a test's time is spent waiting for another process, hence more workers than cores.
    maxWorkers: 6,
    exclude: [...configDefaults.exclude, ...leftOut],
    // On a machine that runs all of them meanwhile, nothing but a test that hangs takes that long.
    testTimeout: 150_000,
    hookTimeout: 150_000,
    expect: { poll: { timeout: 60_000 } },
    // Cases about exceptions that leave a listener run in vitest's own process, too, with happy-dom.
    onUnhandledError: (error) => !error.message.includes(thrownOnPurpose),
    reporters: ['default', new ConformanceSummary(), leftOutReporter],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: [
            'test/*.test.ts',
            'test/{event-stream,node,options,platform,shared-session,streams,transport}/*.test.ts',
            'test/react-native/bindings/*.test.ts',
          ],
        },
      },
      {
        extends: true,
        test: {
          name: 'conformance',
          include: ['test/conformance/*.test.ts'],
          exclude: ['test/conformance/this-node.test.ts'],
          globalSetup: ['test/runtimes/install.ts'],
        },
      },
      { extends: true, test: { name: 'conformance-node', include: ['test/conformance/this-node.test.ts'] } },
      {
        extends: true,
        test: {
          name: 'cli',
          include: ['test/cli/**/*.test.ts'],
          globalSetup: ['test/cli/setup.ts', 'test/runtimes/install.ts'],
        },
      },
      { extends: true, test: { name: 'lifecycle', include: ['test/lifecycle/*.test.ts'] } },
      { extends: true, test: { name: 'playground', include: ['test/playground/*.test.ts'] } },
      { extends: true, test: { name: 'shared', include: ['test/shared/*.test.ts'] } },
      { extends: true, test: { name: 'interop', include: ['test/{interop,nginx}/*.test.ts'] } },
      { extends: true, test: { name: 'fuzz', include: ['test/fuzz/*.test.ts'] } },
      { extends: true, test: { name: 'security', include: ['test/security/*.test.ts'] } },
      {
        extends: true,
        test: {
          name: 'faults',
          include: ['test/faults/*.test.ts', 'test/event-stream/runtimes/*.test.ts'],
          globalSetup: ['test/runtimes/install.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'react-native',
          include: ['test/react-native/*.test.ts'],
          globalSetup: ['test/package/setup.ts', 'test/runtimes/install.ts', 'test/react-native/install.ts'],
          // Metro and the VM need the machine for themselves, and do not have it.
          testTimeout: 400_000,
          hookTimeout: 400_000,
        },
      },
      { extends: true, test: { name: 'bench', include: ['test/bench/*.test.ts'] } },
      {
        extends: true,
        test: {
          name: 'clients',
          include: ['test/clients/*.test.ts'],
          globalSetup: ['test/package/setup.ts', 'test/runtimes/install.ts', 'test/clients/setup.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'package',
          include: ['test/package/*.test.ts'],
          globalSetup: ['test/package/setup.ts', 'test/runtimes/install.ts'],
          // Compilers and packers need the machine for themselves, and do not have it.
          testTimeout: 400_000,
          hookTimeout: 400_000,
        },
      },
    ],
  },
})
