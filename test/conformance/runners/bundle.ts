import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'
import { testedImplementation } from './tested-implementation.ts'

export type Starter = 'start-process' | 'start-workerd' | 'start-page' | 'start-worker'

const implementations: Record<string, string | undefined> = {
  source: './implementation.ts',
  undici: './implementation.undici.ts',
  native: './implementation.native.ts',
}

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

const requireBanner = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);"

/** Selects the same modules as the package's own build for browsers. */
export const buildForBrowsers: Plugin = {
  name: 'build-for-browsers',
  setup({ onResolve }) {
    onResolve({ filter: /\.server\.ts$/ }, ({ path, resolveDir }) => ({
      path: resolve(resolveDir, path.replace('.server.', '.browser.')),
    }))
  },
}

/**
 * Bundles a starter with the cases and the library into one program. Browsers get a classic script, which every kind of
 * worker accepts, and other runtimes get a module. `cases` is the text of a module that replaces the suite's cases.
 */
export function bundleStarter(
  starter: Starter,
  { cases, implementation = testedImplementation }: { cases?: string | undefined; implementation?: string } = {},
): Promise<string> {
  const key = `${starter} ${implementation} ${cases}`
  const bundled = bundles.get(key) ?? bundle(starter, implementation, cases)
  bundles.set(key, bundled)
  return bundled
}

const bundles = new Map<string, Promise<string>>()

async function bundle(starter: Starter, name: string, cases: string | undefined): Promise<string> {
  const implementation = implementations[name]
  if (implementation === undefined) {
    throw new Error(`the implementation is ${name}, not ${Object.keys(implementations).join(' or ')}`)
  }
  const forBrowser = starter === 'start-page' || starter === 'start-worker'
  const result = await build({
    entryPoints: [here(`./${starter}.ts`)],
    bundle: true,
    write: false,
    target: 'es2022',
    format: forBrowser ? 'iife' : 'esm',
    external: ['node:*'],
    // undici is CommonJS and requires modules of Node.
    banner: name === 'undici' ? { js: requireBanner } : {},
    logLevel: 'error',
    plugins: [
      ...(forBrowser ? [buildForBrowsers] : []),
      {
        name: 'suite-parts',
        setup({ onLoad, onResolve }) {
          onResolve({ filter: /\/implementation\.ts$/ }, () => ({ path: here(implementation) }))
          if (cases === undefined) return
          onResolve({ filter: /^\.\.\/index\.ts$/ }, () => ({ path: 'cases', namespace: 'given' }))
          onLoad({ filter: /.*/, namespace: 'given' }, () => ({ contents: cases, loader: 'ts' }))
        },
      },
    ],
  })
  const [output] = result.outputFiles
  if (output === undefined) throw new Error(`nothing was bundled for ${starter}`)
  return output.text
}
