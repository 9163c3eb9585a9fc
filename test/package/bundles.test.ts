import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { nodeResolve } from '@rollup/plugin-node-resolve'
import { type BuildOptions, build } from 'esbuild'
import { rollup } from 'rollup'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { type HttpServer, startHttpServer } from '../http-server.ts'
import { installed } from '../installed.ts'
import { bunExecutable, denoExecutable, nodeExecutable } from '../runtimes/binaries.ts'
import { run } from './command.ts'
import { runModule, startProgram } from './program.ts'

const consumer = inject('consumer')

/** A module that uses every export of the package. */
const everything = `
  import 'everysource/polyfill'
  import 'everysource/polyfill/force'
  export * from 'everysource'
  export * from 'everysource/shared'`

let server: HttpServer
/** The User-Agent of each request. */
const agents: (string | undefined)[] = []

beforeAll(async () => {
  server = await startHttpServer(({ headers }, response) => {
    agents.push(headers['user-agent'])
    response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write('data: hello\n\n')
  })
})
afterAll(() => server.close())

/** Returns a program that prints the first event of the EventSource in scope, and ends. */
const listen = (): string => `
  const source = new EventSource('${server.origin}')
  source.onmessage = ({ data }) => {
    console.log(data)
    source.close()
  }`

describe('A bundle for a runtime other than Node does not contain undici', () => {
  const isOfNode = (file: string): boolean =>
    /undici|node:|\.node\.|transport\/(agent|connections|content|paused)/.test(file)

  test.for<[string, BuildOptions]>([
    ['browsers', { platform: 'browser' }],
    ['workers', { platform: 'browser', conditions: ['worker', 'import'] }],
    ['workerd', { platform: 'browser', conditions: ['workerd', 'worker', 'import'] }],
    ['workers at the edge', { platform: 'browser', conditions: ['edge-light', 'import'] }],
    ['Deno', { platform: 'neutral', conditions: ['deno', 'node', 'import'] }],
    ['Bun', { platform: 'neutral', conditions: ['bun', 'node', 'import'] }],
    ['no particular runtime', { platform: 'neutral' }],
  ])('A bundle by esbuild for %s does not contain undici', async ([, options]) => {
    const { metafile } = await build({
      stdin: { contents: everything, resolveDir: consumer },
      bundle: true,
      write: false,
      metafile: true,
      format: 'esm',
      ...options,
      absWorkingDir: consumer,
    })
    const files = Object.keys(metafile?.inputs ?? {})
    expect(files.filter((file) => file.includes('everysource/dist'))).not.toEqual([])
    expect(files.filter(isOfNode)).toEqual([])
  })

  test.for([
    ['browsers', { browser: true }],
    ['workers at the edge', { exportConditions: ['workerd', 'worker'] }],
    ['Deno', { exportConditions: ['deno', 'node'] }],
    ['no particular runtime', {}],
  ] as const)('A bundle by rollup for %s does not contain undici', async ([, options]) => {
    const entry = join(consumer, 'everything.js')
    await writeFile(entry, everything)
    const bundle = await rollup({
      input: entry,
      plugins: [
        nodeResolve({
          ...options,
          exportConditions: [...((options as { exportConditions?: string[] }).exportConditions ?? [])],
        }),
      ],
    })
    const files = bundle.watchFiles
    await bundle.close()
    expect(files.filter((file) => file.includes('everysource/dist'))).not.toEqual([])
    expect(files.filter(isOfNode)).toEqual([])
  })

  test('A bundle by esbuild of a CommonJS module does not contain undici', async () => {
    const { metafile } = await build({
      stdin: { contents: `require('everysource'), require('everysource/polyfill')`, resolveDir: consumer },
      bundle: true,
      write: false,
      metafile: true,
      platform: 'browser',
      absWorkingDir: consumer,
    })
    const files = Object.keys(metafile.inputs)
    expect(files).toContain('node_modules/everysource/dist/browser/index.js')
    expect(files.filter(isOfNode)).toEqual([])
  })

  test.for(['browser', 'bun'])('A bundle by Bun for %s does not contain undici', async (target, { skip }) => {
    const entry = join(consumer, `everything-for-${target}.js`)
    await writeFile(entry, everything)
    const executable = installed('Bun', bunExecutable(), skip)
    const code = await run(executable, ['build', entry, '--target', target], { cwd: consumer })
    expect(code).toContain('EventStreamError')
    expect(code).not.toMatch(/undici|from "node:|require\(/)
  })
})

describe('Requests are sent over connections of the library in Node', () => {
  /** Runs a program and returns the User-Agent that the server received. */
  async function agentOf(source: string, commonJs = false): Promise<string | undefined> {
    agents.length = 0
    expect(await runModule(source, { commonJs })).toBe('hello\n')
    expect(agents).toHaveLength(1)
    return agents[0]
  }

  test.for([
    ['import', `import { EventSource } from 'everysource'`],
    ['the polyfill', `import 'everysource/polyfill'`, 'EventSource'],
    ['the polyfill that replaces a native one', `import 'everysource/polyfill/force'`],
  ])('Requests are sent over connections of the library after %s', async ([, statement]) => {
    expect(await agentOf(`${statement}\n${listen()}`)).toBe('everysource')
  })

  test.for([
    ['require', `const { EventSource } = require('everysource')`],
    ['the polyfill', `delete globalThis.EventSource; require('everysource/polyfill')`],
    ['the polyfill that replaces a native one', `require('everysource/polyfill/force')`],
  ])('Requests are sent over connections of the library after %s in CommonJS', async ([, statement]) => {
    expect(await agentOf(`${statement}\n${listen()}`, true)).toBe('everysource')
  })

  test.for<[string, BuildOptions]>([
    ['an ES module', { format: 'esm' }],
    ['a CommonJS module', { format: 'cjs' }],
    ['an ES module without packages', { format: 'esm', packages: 'external' }],
  ])(
    'Requests are sent over connections of the library from a bundle by esbuild for Node that is %s',
    async ([, options]) => {
      for (const statement of [`import { EventSource } from 'everysource'`, `import 'everysource/polyfill/force'`]) {
        const { outputFiles } = await build({
          stdin: { contents: `${statement}\n${listen()}`, resolveDir: consumer },
          bundle: true,
          write: false,
          minify: true,
          platform: 'node',
          target: 'node20',
          ...options,
        })
        const [output] = outputFiles ?? []
        const file = join(consumer, `bundle.${options.format === 'cjs' ? 'cjs' : 'mjs'}`)
        await writeFile(file, output?.text ?? '')
        agents.length = 0
        using program = startProgram([file])
        expect(await program.exited).toMatchObject({ stdout: 'hello\n', exitCode: 0 })
        expect(agents).toEqual(['everysource'])
      }
    },
  )
})

describe('Each runtime resolves the package to its own entry point', () => {
  const script = (): string => `
    import { EventSource } from 'everysource'
    console.log(import.meta.resolve('everysource').split('/dist/')[1])
    try {
      new EventSource('${server.origin}', { dispatcher: {} })
    } catch (error) {
      console.log(error.message)
    }
    ${listen()}`

  const notForNode = `dispatcher is [object Object], not usable here: it is for Node, without the option 'fetch'`
  const runtimes: readonly [string, string | undefined, readonly string[], string, string, RegExp][] = [
    [
      'Node',
      process.execPath,
      [],
      'node/index.js',
      'dispatcher is [object Object], not a Dispatcher of undici 7 or newer',
      /^everysource$/,
    ],
    ['Deno', denoExecutable(), ['run', '--allow-all', '--no-lock'], 'default/index.js', notForNode, /^Deno/],
    ['Bun', bunExecutable(), ['run'], 'default/index.js', notForNode, /^Bun/],
  ]
  test.for(runtimes)(
    '%s resolves the package to its own entry point',
    async ([name, executable, given, file, refusal, agent], { skip }) => {
      const path = join(consumer, `resolve-in-${name}.mjs`)
      await writeFile(path, script())
      agents.length = 0
      using program = startProgram([...given, path], {
        executable: installed(name, executable, skip),
        env: { DENO_NO_UPDATE_CHECK: '1' },
      })
      const { stdout, exitCode } = await program.exited
      expect({ stdout, exitCode }).toEqual({ stdout: `${file}\n${refusal}\nhello\n`, exitCode: 0 })
      expect(agents).toEqual([expect.stringMatching(agent)])
    },
  )
})

describe('A source closes where the runtime does not let the program use the network', () => {
  const runtimes: readonly [string, string | undefined, readonly string[]][] = [
    ['Deno', denoExecutable(), ['run', '--no-lock', '--no-prompt']],
    ['Node 26', nodeExecutable(26), ['--permission', '--allow-fs-read=*', '--no-warnings']],
  ]
  test.for(runtimes)(
    'A source is unsupported in %s without permission',
    async ([name, executable, given], { skip }) => {
      const path = join(consumer, `permission-in-${name.replace(' ', '-')}.mjs`)
      await writeFile(
        path,
        `import { EventSource } from 'everysource'
      const source = new EventSource('${server.origin}')
      source.onerror = ({ reason, willReconnect }) => {
        console.log(reason, willReconnect)
        source.close()
      }`,
      )
      agents.length = 0
      using program = startProgram([...given, path], {
        executable: installed(name, executable, skip),
        env: { DENO_NO_UPDATE_CHECK: '1' },
      })
      expect(await program.exited).toMatchObject({ stdout: 'unsupported false\n', exitCode: 0 })
      expect(agents).toEqual([])
    },
  )
})
