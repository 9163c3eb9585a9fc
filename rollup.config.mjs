import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { nodeResolve } from '@rollup/plugin-node-resolve'
import { dts } from 'rollup-plugin-dts'
import esbuild from 'rollup-plugin-esbuild'
import { minify } from 'terser'

const { version, license } = JSON.parse(await readFile(new URL('package.json', import.meta.url), 'utf8'))

const index = 'src/index.ts'
const shared = { 'shared/shared-event-source': 'src/shared/shared-event-source.ts' }
const polyfills = { polyfill: 'src/polyfill.ts', 'polyfill.force': 'src/polyfill.force.ts' }
const entries = { index, ...shared, ...polyfills }
const command = { 'cli/main': 'src/cli/main.ts' }

/** The conditions by which package.json's `imports` choose the files of each build. */
const platforms = {
  default: ['default'],
  browser: ['browser'],
  node: ['node'],
  'react-native': ['react-native'],
}

/**
 * The platforms with CommonJS entries, for tools that do not read ES modules, such as Jest; the one for any platform
 * also works for a page in a test. Everything else gets ES modules for `require`, too, so that no program has the class
 * twice. The entries for React Native are built separately.
 */
const builtTogether = ['default', 'node']

/** Stops the build for anything that rollup only warns about: an unresolved import or a cycle is an error here. */
const onwarn = (warning) => {
  // The polyfills have no types to declare.
  if (warning.code !== 'EMPTY_BUNDLE') throw Object.assign(new Error(warning.message), warning)
}

const typescript = (options) => esbuild({ target: 'es2022', tsconfig: 'tsconfig.json', ...options })

/** Keeps files of an earlier build out of the package. */
const emptyDist = () => ({
  name: 'empty-dist',
  buildStart: () => rm(new URL('dist', import.meta.url), { recursive: true, force: true }),
})

/** Resolves package.json's `imports`, and the packages that the build includes. */
const resolveFor = (platform, ...included) =>
  nodeResolve({ exportConditions: platforms[platform], resolveOnly: [/^#/, ...included] })

/** The parser exists as an ES module only, so every other build includes the parser, and its license. */
const parser = 'eventsource-parser'
const parserLicense = () => ({
  name: 'parser-license',
  async generateBundle() {
    const source = await readFile(new URL('LICENSE', import.meta.resolve('eventsource-parser/package.json')), 'utf8')
    this.emitFile({ type: 'asset', fileName: 'eventsource-parser.LICENSE', source })
  },
})

/**
 * Makes every module import the globals that React Native lacks, or has in another form, from one module: what looks
 * like a global there is a binding. Rollup leaves out those that a module does not use.
 */
const webApi = fileURLToPath(new URL('src/react-native/web-api.ts', import.meta.url))
const webApiNames = 'asyncIterator, btoa, DOMException, Event, EventTarget, TextEncoder, URL, URLSearchParams'
const bindGlobals = () => ({
  name: 'bind-globals',
  resolveId: (id) => (id === webApi ? id : null),
  transform: (code, id) =>
    /[\\/]src[\\/](?!react-native)/.test(id)
      ? { code: `import { ${webApiNames} } from ${JSON.stringify(webApi)};${code}`, map: null }
      : null,
})

/** @param optionsFor returns the options of terser for a chunk */
const minified = (optionsFor) => ({
  name: 'terser',
  renderChunk: (code, chunk, { format }) => minify(code, { ecma: 2020, module: format === 'es', ...optionsFor(chunk) }),
})
/**
 * Removes comments and spaces, which are a third of the size. Names are kept, and each statement is on its own line,
 * for stack traces and debuggers.
 */
const unspaced = () => ({
  compress: false,
  mangle: false,
  format: { semicolons: false, preserve_annotations: true },
})
/** As `unspaced`, with short names of variables: stack traces have the same names, but debuggers do not. */
const withShortVariables = () => ({ ...unspaced(), mangle: { keep_classnames: true, keep_fnames: true } })
/** Puts everything on one line, with short names; classes, and functions of the API, keep their names. */
const withShortNames = () => ({
  compress: { keep_classnames: true, keep_fargs: true },
  mangle: { toplevel: true, keep_classnames: true, reserved: ['openEventStream'] },
})
/** Makes a file as small as possible; the classes of the API keep their names, which consoles and monitoring show. */
const publicClasses = /^(ErrorEvent|EventStreamError)$/
const smallest = () => ({
  compress: { keep_classnames: publicClasses },
  mangle: { keep_classnames: publicClasses },
  format: { comments: /^!/ },
})

const external = [/^undici(\/|$)/, /^node:/]

/** There is one file per module, as in src: a bundler can leave out each file that it does not need. */
const modules = (platform) => ({
  input: entries,
  external: [parser, ...external],
  output: {
    dir: `dist/${platform}`,
    format: 'es',
    preserveModules: true,
    preserveModulesRoot: 'src',
  },
  plugins: [resolveFor(platform), typescript(), minified(unspaced)],
  onwarn,
})

/** The path of a module in src; undefined for a module of a package. */
const src = fileURLToPath(new URL('src/', import.meta.url))
const pathOf = (id) => (id.startsWith(src) ? id.slice(src.length).replaceAll('\\', '/') : undefined)

/**
 * The files of Node's build that contain many modules: Node needs time to find each file, so modules that are needed at
 * the same time are in the same file. Entries, and modules that are in none of these files, are left to rollup.
 */
const nodeFiles = {
  /** The modules that an import needs. */
  everysource:
    /^(?!(index|polyfill|shared|cli|node)\b)|^node\/(transport|late-transport|global-dispatcher|loop-turn|platform|header-list|tls-error)\.ts$/,
  /** The modules that the first request needs. */
  network: /^node\/(?!undici)/,
  /** The modules that `everysource --help` needs. */
  'command-line': /^cli\/(command-line\/|terminal\/|version|endpoint\/request-options|listen\/listen(-options)?\.ts)/,
}

const isCommand = ({ moduleIds }) => moduleIds.some((id) => pathOf(id)?.startsWith('cli/'))

/**
 * The file for `require` in runtimes that can require ES modules: Node, and Deno, which has no separate condition for
 * `require`. Both then get the same class as with an import.
 */
const requiredModules = () => ({
  name: 'required-modules',
  generateBundle() {
    for (const name of Object.keys(entries)) {
      const file = `${name.split('/').at(-1)}.js`
      const deno = `${name.includes('/') ? '../../' : '../'}default/${name}.js`
      this.emitFile({
        type: 'asset',
        fileName: `${name}.sync.cjs`,
        source: `module.exports = globalThis.Deno ? require('${deno}') : require('./${file}')\n`,
      })
    }
  },
})

const nodeModules = {
  input: { ...entries, ...command },
  external: [parser, ...external],
  output: {
    dir: 'dist/node',
    format: 'es',
    chunkFileNames: (chunk) => (isCommand(chunk) ? 'cli/[name].js' : '[name].js'),
    hoistTransitiveImports: false,
    manualChunks(id) {
      const path = pathOf(id)
      return path && Object.keys(nodeFiles).find((file) => nodeFiles[file].test(path))
    },
    onlyExplicitManualChunks: true,
  },
  plugins: [
    resolveFor('node'),
    typescript(),
    minified((chunk) => {
      if (isCommand(chunk)) return withShortNames()
      // The largest file, which nobody steps through: what it does is in the errors that it reports.
      return chunk.name === 'network' ? withShortVariables() : unspaced()
    }),
    requiredModules(),
  ],
  onwarn,
}

/** All entries are built together, so that they share one class. */
const commonJs = (platform) => ({
  input: entries,
  external,
  output: {
    dir: `dist/${platform}`,
    entryFileNames: '[name].cjs',
    chunkFileNames: '[name]-[hash].cjs',
    format: 'cjs',
    exports: 'named',
  },
  plugins: [resolveFor(platform, parser), typescript(), minified(withShortNames)],
  onwarn,
})

/**
 * One file for both `import` and `require`, since Metro compiles an import to a require: an app never has the class
 * twice. The other entries require that file.
 */
const reactNative = Object.entries({
  index,
  ...polyfills,
  'shared-event-source': 'src/shared/unshared-event-source.ts',
}).map(([name, input]) => ({
  input,
  external: (id) => id === 'react-native' || (name !== 'index' && /[\\/](index|event-source)\.ts$/.test(id)),
  output: {
    file: `dist/react-native/${name}.cjs`,
    format: 'cjs',
    exports: 'named',
    paths: (id) => (id === 'react-native' ? id : './index.cjs'),
  },
  plugins: [
    ...(name === 'index' ? [bindGlobals()] : []),
    resolveFor('react-native', parser),
    typescript({ define: { 'Symbol.asyncIterator': 'asyncIterator' } }),
    minified(withShortNames),
  ],
  onwarn,
}))

/** The documents, with the columns of their tables not aligned: the spaces would be a third of their size. */
const pages = () => ({
  name: 'pages',
  async generateBundle() {
    for (const fileName of ['REFERENCE.md', 'MIGRATION.md']) {
      const page = await readFile(new URL(`src/${fileName}`, import.meta.url), 'utf8')
      const compact = (row) => row.replace(/ {2,}/g, ' ').replace(/-{4,}/g, '---')
      this.emitFile({ type: 'asset', fileName, source: page.replace(/^\|.*$/gm, compact) })
    }
  },
})

const script = {
  input: 'src/script.ts',
  output: {
    file: 'dist/everysource.global.js',
    format: 'iife',
    name: 'everysource',
    banner: `/*! everysource ${version}, license ${license}; contains eventsource-parser, license MIT */`,
  },
  plugins: [resolveFor('browser', parser), typescript(), minified(smallest), parserLicense(), pages()],
  onwarn,
}

/**
 * Removes the marker for private members from a class. With the marker, no other class, such as a test double, would be
 * assignable to it, and no subclass expression could be exported from a module whose declarations are generated.
 */
const withoutPrivateMembers = () => ({
  name: 'without-private-members',
  renderChunk: (code) => code.replace(/^ +#private;\n/gm, ''),
})

/**
 * TypeScript reads a declaration file as the kind of module that its extension names, so each kind has its own file;
 * the one for `import` refers to the other one. The class has a member named by Symbol.dispose, which the libs of a
 * project may lack.
 */
const declarations = ([name, input]) => ({
  input,
  external: name in shared ? /^\.\.\// : [],
  output: {
    file: `dist/${name}.d.cts`,
    format: 'es',
    paths: () => '../index.cjs',
    banner: input === index ? '/// <reference lib="esnext.disposable" />' : '',
  },
  plugins: [dts({ tsconfig: 'tsconfig.json' }), withoutPrivateMembers(), declarationsForImport(name)],
  onwarn,
})

const declarationsForImport = (name) => ({
  name: 'declarations-for-import',
  generateBundle() {
    const source = `export * from './${name.split('/').at(-1)}.cjs'\n`
    this.emitFile({ type: 'asset', fileName: `${name.split('/').at(-1)}.d.ts`, source })
  },
})

/**
 * Folders for tools that do not read `exports` (Parcel by default, Metro before 0.82, TypeScript's node10): there, a
 * subpath is a folder whose package.json names its files.
 */
const subpaths = { shared: 'shared/shared-event-source', polyfill: 'polyfill', 'polyfill/force': 'polyfill.force' }
const subpathFolders = () => ({
  name: 'subpath-folders',
  async writeBundle() {
    for (const [folder, entry] of Object.entries(subpaths)) {
      const dist = `${'../'.repeat(folder.split('/').length)}dist`
      const fields = {
        main: `${dist}/default/${entry}.cjs`,
        module: `${dist}/default/${entry}.js`,
        types: `${dist}/${entry}.d.ts`,
      }
      await mkdir(new URL(folder, import.meta.url), { recursive: true })
      await writeFile(new URL(`${folder}/package.json`, import.meta.url), `${JSON.stringify(fields, null, 2)}\n`)
    }
  },
})

const [first, ...others] = [
  modules('default'),
  modules('browser'),
  nodeModules,
  ...builtTogether.map(commonJs),
  ...reactNative,
  script,
  ...Object.entries(entries).map(declarations),
]

export default [{ ...first, plugins: [emptyDist(), ...first.plugins, subpathFolders()] }, ...others]
