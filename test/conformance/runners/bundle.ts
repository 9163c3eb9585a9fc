import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { testedImplementation } from './tested-implementation.ts'

export type Starter = 'start-process' | 'start-workerd' | 'start-page' | 'start-worker'

const implementations: Record<string, string | undefined> = {
  source: './implementation.ts',
  native: './implementation.native.ts',
}

/** The kinds of runtimes that a build is for: each has its own conditions for the package's `imports`. */
export type BuildPlatform = 'browser' | 'node' | 'neutral'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** undici is CommonJS, and requires modules of Node's. */
const requireBanner = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);"

export interface BundleOptions {
  /** The text of a module that replaces the suite's cases. */
  cases?: string | undefined
  platform?: BuildPlatform | undefined
  /** The paths of modules that replace what the package's `imports` choose, by name. */
  alias?: Readonly<Record<string, string>> | undefined
}

/**
 * Bundles a starter with the cases and the library into one program. Browsers get a classic script, which every kind of
 * worker accepts, and other runtimes get a module.
 */
export function bundleStarter(
  starter: Starter,
  { cases, platform = platformOf(starter), alias = {} }: BundleOptions = {},
): Promise<string> {
  const key = `${starter} ${platform} ${cases} ${JSON.stringify(alias)}`
  const bundled = bundles.get(key) ?? bundle(starter, platform, cases, alias)
  bundles.set(key, bundled)
  return bundled
}

const bundles = new Map<string, Promise<string>>()

function platformOf(starter: Starter): BuildPlatform {
  return starter === 'start-page' || starter === 'start-worker' ? 'browser' : 'neutral'
}

async function bundle(
  starter: Starter,
  platform: BuildPlatform,
  cases: string | undefined,
  alias: Readonly<Record<string, string>>,
): Promise<string> {
  const implementation = implementations[testedImplementation]
  if (implementation === undefined) {
    throw new Error(`the implementation is ${testedImplementation}, not ${Object.keys(implementations).join(' or ')}`)
  }
  const result = await build({
    entryPoints: [here(`./${starter}.ts`)],
    bundle: true,
    write: false,
    target: 'es2022',
    platform,
    format: platform === 'browser' ? 'iife' : 'esm',
    external: ['node:*'],
    banner: platform === 'node' ? { js: requireBanner } : {},
    logLevel: 'error',
    plugins: [
      {
        name: 'suite-parts',
        setup({ onLoad, onResolve }) {
          onResolve({ filter: /^#/ }, ({ path }) => (alias[path] === undefined ? null : { path: alias[path] }))
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
