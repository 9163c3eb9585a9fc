import { readFile } from 'node:fs/promises'
import { describeError } from '../../error-message.ts'
import { UsageError } from '../command-line/errors.ts'

/**
 * Reads the file that an option names.
 * @throws UsageError
 */
export async function readFileOption(option: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (error) {
    throw new UsageError(`${option}: cannot read the file: ${describeError(error)}`, { cause: error })
  }
}
