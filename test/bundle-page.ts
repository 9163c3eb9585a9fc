import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/** Bundles a program for a page with the library as built for browsers. */
export async function bundlePage(entry: URL): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(entry)],
    bundle: true,
    write: false,
    target: 'es2022',
    format: 'iife',
    logLevel: 'error',
  })
  const [output] = outputFiles
  if (output === undefined) throw new Error(`nothing was bundled for ${entry}`)
  return output.text
}

/** Returns a page that runs the script at a URL, if one is given, and requests nothing else. */
export function htmlPage(scriptUrl?: string): string {
  const script = scriptUrl === undefined ? '' : `<script src="${scriptUrl}"></script>`
  return `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><title>test</title>${script}`
}
