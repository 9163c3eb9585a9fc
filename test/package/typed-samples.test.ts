import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { afterAll, beforeAll, test } from 'vitest'
import { run } from './command.ts'
import { samplesFor } from './documents.ts'
import { type SampleProject, startSampleProject } from './sample-project.ts'

const runner = 'package/typed-samples.test.ts'
const inReadme = await samplesFor(runner, 'README.md')
const inReference = await samplesFor(runner, 'src/REFERENCE.md')
const tsc = join(dirname(fileURLToPath(import.meta.resolve('typescript/package.json'))), 'bin/tsc')

/**
 * What the samples for React Native import: that needs an app on a device. These declare what the samples use of it, and
 * do as much as the test asks for: an effect runs at once, and a state is printed.
 */
const replacements = {
  react: {
    types: `
      export function useState<State>(first: State): [State, (next: State) => void]
      export function useEffect(effect: () => () => void, dependencies: readonly unknown[]): void`,
    code: `
      export const useState = (first) => [first, (next) => console.log('state', next)]
      export const useEffect = (effect) => effect()`,
  },
  'react-native': {
    types: 'export function Text(props: { children: unknown }): null',
    code: 'export const Text = () => null',
  },
  '@react-native-community/netinfo': {
    types: `
      declare const NetInfo: {
        addEventListener(listener: (state: { isConnected: boolean | null }) => void): () => void
      }
      export default NetInfo`,
    code: `
      export default {
        addEventListener(listener) {
          setTimeout(listener, 100, { isConnected: true })
          return () => {}
        },
      }`,
  },
  'react/jsx-runtime': {
    types: `
      export namespace JSX { interface Element {} interface IntrinsicElements {} }
      export function jsx(type: unknown, props: unknown): JSX.Element`,
    code: 'export const jsx = () => ({})',
  },
}

let project: SampleProject

beforeAll(async () => {
  project = await startSampleProject({ speed: 10 })
  const declarations = Object.entries(replacements).map(([name, { types }]) =>
    types.includes('declare const')
      ? `declare module '${name}' {${types.replace('declare const', 'const')}\n}`
      : `declare module '${name}' {${types}\n}`,
  )
  await writeFile(join(project.directory, 'stand-ins.d.ts'), declarations.join('\n'))
})
afterAll(() => project[Symbol.asyncDispose]())

/** Type-checks a sample, and makes a program for Node of it. */
async function compile(name: string, text: string, ending = ''): Promise<void> {
  await project.write(name, text)
  const options = [
    '--strict',
    '--noEmit',
    '--target',
    'es2023',
    '--lib',
    'es2023,dom',
    '--jsx',
    'react-jsx',
    '--types',
    '',
  ]
  await run(
    process.execPath,
    [tsc, ...options, '--module', 'esnext', '--moduleResolution', 'bundler', name, 'stand-ins.d.ts'],
    { cwd: project.directory },
  )
  await project.write(name, text + ending)
  await build({
    entryPoints: [join(project.directory, name)],
    outfile: join(project.directory, `${name}.mjs`),
    bundle: true,
    external: ['everysource'],
    format: 'esm',
    jsx: 'automatic',
    plugins: [
      {
        name: 'stand-ins',
        setup({ onResolve, onLoad }) {
          onResolve({ filter: /^(@?react)/ }, ({ path }) => ({ path, namespace: 'stand-in' }))
          onLoad({ filter: /./, namespace: 'stand-in' }, ({ path }) => ({
            contents: replacements[path as keyof typeof replacements].code,
          }))
        },
      },
    ],
  })
}

test('typed.ts of the reference compiles, and prints the events', async () => {
  await compile('typed.ts', inReference('typed.ts'))
  using program = project.start(['typed.ts.mjs'])
  await program.printed('1')
  await program.printed('6')
})

test('Ticker.tsx of README compiles, and shows the events, without a device', async () => {
  const text = inReadme('Ticker.tsx').replace('https://example.com', 'http://localhost:3000')
  await compile('Ticker.tsx', text, `\nTicker({ token: 'secret' })`)
  using program = project.start(['Ticker.tsx.mjs'])
  await program.printed('state {"number":1}')
})

test('network.ts of the reference compiles, and ends a wait when the network is back, without a device', async () => {
  const use = `
    import { EventSource as Source } from 'everysource'
    let requests = 0
    const headers = { 'Content-Type': 'text/event-stream' }
    const fetch = async () => {
      console.log('request', ++requests)
      return new Response('data: hello\\n\\n', { headers })
    }
    reconnectWithNetwork(new Source('http://feed.test/', { fetch, retry: { initialDelay: 1_000_000 } }))`
  await compile('network.ts', inReference('network.ts'), use)
  using program = project.start(['network.ts.mjs'])
  await program.printed('request 2')
})
