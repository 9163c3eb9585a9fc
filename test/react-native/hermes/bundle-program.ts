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

/**
 * Bundles a program for Hermes, compiled with the Babel preset of React Native 0.76 as Metro does with an app.
 * @param consumer a project that has installed the package
 * @param globals a module whose exports the program finds where it looks for globals
 */
export async function bundleProgram(entry: string, consumer: string, globals?: string): Promise<string> {
  const index = join(consumer, 'node_modules/everysource/dist/react-native/index.js')
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    target: 'es2022',
    format: 'iife',
    logLevel: 'error',
    nodePaths: [modules],
    ...(globals !== undefined && { inject: [globals] }),
    plugins: [
      {
        name: 'react-native',
        setup({ onResolve }) {
          onResolve({ filter: /^react-native$/ }, () => ({ path: here('react-native.ts') }))
          // The suite, and the programs of other tests, are for the source; here it is what an app gets.
          onResolve({ filter: /(^everysource$|\/src\/index\.ts$)/ }, () => ({ path: index }))
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
  if (!result) throw new Error('Babel made nothing of the program')
  return result.code
}
