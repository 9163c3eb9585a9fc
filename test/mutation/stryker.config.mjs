export default {
  mutate: [
    'src/{attempt,content-type,deadline,outcome,parser,refusal,request,request-body,retry,retry-after,session}.ts',
    'src/options/*.ts',
  ],
  testRunner: 'vitest',
  vitest: { configFile: 'test/mutation/vitest.config.ts' },
  coverageAnalysis: 'perTest',
  concurrency: 2,
  // This is added to the time of the tests without a mutant, which is at most a second and a half.
  timeoutMS: 20_000,
  // Stryker disables type errors through TypeScript's old API, and esbuild, which strips the types, reports none.
  disableTypeChecks: false,
  tempDirName: 'test/mutation/.stryker/sandbox',
  ignorePatterns: ['/*', '!/src', '!/test', '!/fixtures', '!/package.json'],
  reporters: ['clear-text', 'progress-append-only', 'html', 'json'],
  clearTextReporter: { reportTests: false },
  htmlReporter: { fileName: 'test/mutation/.stryker/report.html' },
  jsonReporter: { fileName: 'test/mutation/.stryker/report.json' },
  thresholds: { high: 99, low: 98, break: 98 },
}
