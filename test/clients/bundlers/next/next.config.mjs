import { resolve } from 'node:path'

export default {
  // Where the packages are; otherwise it looks for the outermost lock file.
  turbopack: { root: resolve(import.meta.dirname, '..') },
}
