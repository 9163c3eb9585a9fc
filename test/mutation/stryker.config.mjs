export default {
  mutate: ['src/{attempt,content-type,deadline,parser,refusal,request,request-body,retry,retry-after,session}.ts', 'src/options/*.ts'],
  testRunner: 'vitest',
  vitest: { configFile: 'test/mutation/vitest.config.ts' },
  coverageAnalysis: 'perTest',
  concurrency: 2,
  // On top of what the tests take without a mutant: these run for a second and a half at most.
  timeoutMS: 20_000,
  // Stryker's way of turning off type errors needs TypeScript's old API, and esbuild, which strips the types, sees none.
  disableTypeChecks: false,
  tempDirName: 'test/mutation/.stryker/sandbox',
  ignorePatterns: ['/*', '!/src', '!/test', '!/fixtures', '!/package.json'],
  reporters: ['clear-text', 'progress-append-only', 'html', 'json'],
  clearTextReporter: { reportTests: false },
  htmlReporter: { fileName: 'test/mutation/.stryker/report.html' },
  jsonReporter: { fileName: 'test/mutation/.stryker/report.json' },
  thresholds: { high: 95, low: 90, break: 85 },
}
