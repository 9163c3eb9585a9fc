// Builds page.js for a page, with the defaults of a bundler, as the file page.js of a folder.
//
//   node build.mjs BUNDLER FOLDER
import { join } from 'node:path'
import process from 'node:process'

const [bundler, outDir] = process.argv.slice(2)
const context = import.meta.dirname

const builders = {
  async vite() {
    const { build } = await import('vite')
    const rollupOptions = { input: join(context, 'page.js'), output: { entryFileNames: 'page.js', format: 'iife' } }
    await build({ root: context, logLevel: 'warn', build: { outDir, emptyOutDir: false, rollupOptions } })
  },

  async webpack() {
    const { default: webpack } = await import('webpack')
    await compile(webpack)
  },

  async rspack() {
    const { rspack } = await import('@rspack/core')
    await compile(rspack)
  },

  // Reads no `exports` of packages by default.
  async parcel() {
    const { Parcel } = await import('@parcel/core')
    const bundle = new Parcel({
      entries: join(context, 'page.js'),
      defaultConfig: '@parcel/config-default',
      cacheDir: join(outDir, '.cache'),
      mode: 'production',
      targets: { page: { distDir: outDir, outputFormat: 'global', context: 'browser' } },
    })
    await bundle.run()
  },

  metro: () => bundleByMetro(true),
  // As it was before its version 0.82.
  'metro without exports': () => bundleByMetro(false),
}

async function compile(bundle) {
  const compiler = bundle({
    mode: 'production',
    context,
    entry: './page.js',
    output: { path: outDir, filename: 'page.js' },
    performance: { hints: false },
  })
  await new Promise((resolve, reject) => {
    compiler.run((error, stats) => {
      if (error || stats.hasErrors() || stats.hasWarnings())
        reject(error ?? new Error(stats.toString('errors-warnings')))
      else resolve()
    })
  })
}

async function bundleByMetro(unstable_enablePackageExports) {
  const { default: Metro } = await import('metro')
  const config = await Metro.loadConfig(
    { cwd: context },
    {
      projectRoot: context,
      resetCache: true,
      maxWorkers: 1,
      resolver: { unstable_enablePackageExports },
      reporter: { update() {} },
      // Otherwise it leaves modules to a preset of React Native's.
      transformer: { getTransformOptions: async () => ({ transform: { experimentalImportSupport: true } }) },
    },
  )
  await Metro.runBuild(config, {
    entry: 'page.js',
    out: join(outDir, 'page'),
    platform: 'web',
    minify: true,
    dev: false,
  })
}

await builders[bundler]()
