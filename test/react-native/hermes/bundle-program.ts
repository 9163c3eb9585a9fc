import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { modules } from '../versions.ts'

interface Babel {
  transformAsync(code: string, options: object): Promise<{ code: string } | null>
}

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const require = createRequire(join(modules, 'package.json'))

/** The package as an app gets it: a script that leaves its exports where programs find them. */
export function bundlePackage(consumer: string): Promise<string> {
  return bundle(here('package.ts'), {
    everysource: join(consumer, 'node_modules/everysource/dist/react-native/index.cjs'),
    shared: join(consumer, 'node_modules/everysource/dist/react-native/shared-event-source.cjs'),
    'react-native': here('react-native.ts'),
  })
}

/**
 * Bundles a program that is loaded after the package.
 * @param globals a module whose exports the program finds where it looks for globals
 */
export function bundleProgram(entry: string, globals?: string): Promise<string> {
  return bundle(entry, { everysource: here('loaded-package.ts') }, globals)
}

/** Bundles a script for Hermes, and compiles it with the Babel preset of React Native 0.76, as Metro does with an app. */
async function bundle(
  entry: string,
  aliases: { readonly everysource: string; readonly shared?: string; readonly 'react-native'?: string },
  globals?: string,
): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    target: 'es2022',
    format: 'iife',
    logLevel: 'error',
    nodePaths: [modules],
    alias: aliases['react-native'] === undefined ? {} : { 'react-native': aliases['react-native'] },
    ...(globals !== undefined && { inject: [globals] }),
    plugins: [
      {
        name: 'package-for-source',
        setup({ onResolve }) {
          // The suite, and the programs of other tests, are for the source.
          onResolve({ filter: /\/src\/index\.ts$/ }, () => ({ path: aliases.everysource }))
          onResolve({ filter: /\/src\/shared\/unshared-event-source\.ts$/ }, () => ({ path: aliases.shared ?? '' }))
        },
      },
    ],
  })
  const [output] = outputFiles
  if (output === undefined) throw new Error(`nothing was bundled for ${entry}`)
  return compile(output.text)
}

async function compile(source: string): Promise<string> {
  const babel = require('@babel/core') as Babel
  const result = await babel.transformAsync(source, {
    babelrc: false,
    configFile: false,
    sourceType: 'script',
    filename: 'program.js',
    compact: false,
    presets: [
      [
        require.resolve('@react-native/babel-preset'),
        { unstable_transformProfile: 'default', enableBabelRuntime: false, disableImportExportTransform: true },
      ],
    ],
  })
  if (!result) throw new Error('Babel returned nothing for the program')
  // The helpers that Babel adds are not globals in an app either.
  return `(function () {\n${result.code}\n})()`
}
