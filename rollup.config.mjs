import { readFile, rm } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { nodeResolve } from '@rollup/plugin-node-resolve'
import { dts } from 'rollup-plugin-dts'
import esbuild from 'rollup-plugin-esbuild'
import { minify } from 'terser'

const { version, license } = JSON.parse(await readFile(new URL('package.json', import.meta.url), 'utf8'))

const index = 'src/index.ts'
const polyfills = { polyfill: 'src/polyfill.ts', 'polyfill.force': 'src/polyfill.force.ts' }
const shared = { 'shared-event-source': 'src/shared-event-source.ts' }
const entries = { index, ...shared, ...polyfills }
const command = { 'cli/main': 'src/cli/main.ts' }
/** Node's, which stand beside the others and share their modules. */
const nodeIndex = 'src/index.node.ts'
const nodeShared = { 'shared-event-source.node': 'src/shared-event-source.node.ts' }
const nodePolyfills = { 'polyfill.node': 'src/polyfill.node.ts', 'polyfill.force.node': 'src/polyfill.force.node.ts' }

/** Stops the build where rollup would only warn: an unresolved import or a cycle is a mistake here. */
const onwarn = (warning) => {
  // The polyfills have no types to declare.
  if (warning.code !== 'EMPTY_BUNDLE') throw Object.assign(new Error(warning.message), warning)
}

const typescript = () => esbuild({ target: 'es2022', tsconfig: 'tsconfig.json' })

/** So that a package never holds a file of an earlier build. */
const emptyDist = () => ({
  name: 'empty-dist',
  buildStart: () => rm(new URL('dist', import.meta.url), { recursive: true, force: true }),
})

/** Leaves out what only runtimes other than browsers need: each such file has a short twin for browsers. */
const forBrowsers = () => ({
  name: 'for-browsers',
  resolveId: (source, importer) =>
    source.endsWith('.server.ts') ? resolve(dirname(importer), source.replace('.server.', '.browser.')) : null,
})

/** The parser exists as an ES module only, so every build that is not one carries it inside, and its licence beside it. */
const parserInside = () => nodeResolve({ resolveOnly: ['eventsource-parser'] })
const parserLicence = () => ({
  name: 'parser-licence',
  async generateBundle() {
    const source = await readFile(new URL('LICENSE', import.meta.resolve('eventsource-parser/package.json')), 'utf8')
    this.emitFile({ type: 'asset', fileName: 'eventsource-parser.LICENSE', source })
  },
})

const terser = () => ({
  name: 'terser',
  renderChunk: (code) => minify(code, { ecma: 2020, sourceMap: true, format: { comments: /^!/ } }),
})

/** One file a module, as in src: what a bundler does not need, it can leave out by the file. */
const modules = (input, dir, ...plugins) => ({
  input,
  external: ['eventsource-parser', 'undici', /^node:/],
  output: { dir, format: 'es', preserveModules: true, preserveModulesRoot: 'src', sourcemap: true },
  plugins: [...plugins, typescript()],
  onwarn,
})

/** What is built together has the same class. */
const commonJs = (input) => ({
  input,
  external: ['undici', /^node:/],
  output: {
    dir: 'dist',
    entryFileNames: '[name].cjs',
    chunkFileNames: '[name]-[hash].cjs',
    format: 'cjs',
    exports: 'named',
    sourcemap: true,
  },
  plugins: [typescript(), parserInside(), parserLicence()],
  onwarn,
})

/** A polyfill installs the very class that `require('everysource')` returns, hence it requires that file. */
const commonJsPolyfills = (input, required) => ({
  input,
  external: /^\.\/index\./,
  output: {
    dir: 'dist',
    entryFileNames: '[name].cjs',
    format: 'cjs',
    paths: () => required,
    sourcemap: true,
  },
  plugins: [typescript()],
  onwarn,
})

const script = {
  input: index,
  output: {
    file: 'dist/everysource.global.js',
    format: 'iife',
    name: 'everysource',
    banner: `/*! everysource ${version}, licence ${license}; contains eventsource-parser, licence MIT */`,
    sourcemap: true,
  },
  plugins: [forBrowsers(), typescript(), parserInside(), terser()],
  onwarn,
}

/**
 * TypeScript reads a declaration file as the kind of module that its ending names, so each kind gets its own. The class
 * has a member named by Symbol.dispose, which the libs of a project need not know. It is declared once, since no class
 * with private members is assignable to another.
 */
const declarations = ([name, input]) => ({
  input,
  external: name in shared ? /^\.\// : [],
  output: ['d.ts', 'd.cts'].map((ending) => ({
    file: `dist/${name}.${ending}`,
    format: 'es',
    paths: () => `./index.${ending.replace('d.ts', 'js').replace('d.cts', 'cjs')}`,
    banner: input === index ? '/// <reference lib="esnext.disposable" />' : '',
  })),
  plugins: [dts({ tsconfig: 'tsconfig.json' })],
  onwarn,
})

export default [
  modules({ ...entries, 'index.node': nodeIndex, ...nodeShared, ...nodePolyfills, ...command }, 'dist', emptyDist()),
  modules(entries, 'dist/browser', forBrowsers()),
  commonJs({ index, ...shared }),
  commonJs({ 'index.node': nodeIndex, ...nodeShared }),
  commonJsPolyfills(polyfills, './index.cjs'),
  commonJsPolyfills(nodePolyfills, './index.node.cjs'),
  script,
  ...Object.entries(entries).map(declarations),
]
