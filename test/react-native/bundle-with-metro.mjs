// Bundles an app with the Metro of one version of React Native, in a separate process: the settings are the first
// argument.
import { existsSync, mkdirSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import process from 'node:process'

const {
  version,
  platform,
  entry,
  output,
  packages = {},
  reactNative: given,
  enablePackageExports,
  transformProfile,
  cache,
} = JSON.parse(process.argv[2])
const here = import.meta.dirname
const modules = join(here, 'node_modules')
const reactNative = join(modules, `react-native-${version}`)
const fromConfig = createRequire(join(modules, `metro-config-${version}`, 'package.json'))
const { getDefaultConfig, mergeConfig } = fromConfig('./dist/index.js')
const metro = fromConfig('metro')
const { FileStore } = fromConfig('metro-cache')
const project = dirname(entry)

/** The packages of this version are installed under other names; here they have their usual names. */
const aliases = join(modules, '.aliases', version, 'node_modules')
mkdirSync(aliases, { recursive: true })
for (const name of ['react-native', 'react']) {
  const alias = join(aliases, name)
  if (!existsSync(alias)) symlinkSync(join(modules, `${name}-${version}`), alias)
}

const defaults = getDefaultConfig(project)
const config = mergeConfig(defaults, {
  projectRoot: project,
  watchFolders: [project, modules, ...Object.values(packages)],
  cacheStores: [new FileStore({ root: cache })],
  maxWorkers: 1,
  reporter: { update() {} },
  resolver: {
    unstable_enablePackageExports: enablePackageExports,
    ...(given && {
      resolveRequest: (context, name, target) =>
        name === 'react-native'
          ? { type: 'sourceFile', filePath: given }
          : context.resolveRequest(context, name, target),
    }),
    extraNodeModules: packages,
    nodeModulesPaths: [aliases, join(reactNative, 'node_modules'), modules],
  },
  serializer: { getModulesRunBeforeMainModule: () => [] },
})
await metro.runBuild(config, {
  entry,
  platform,
  dev: false,
  minify: false,
  out: output,
  ...(transformProfile && { unstable_transformProfile: transformProfile }),
})
process.exit(0)
