import { X509Certificate } from 'node:crypto'
import { rootCertificates } from 'node:tls'
import { UsageError } from '../command-line/errors.ts'
import { readFileOption } from './file-option.ts'

/**
 * Reads the certificates that `--cacert` names, and adds Node's own: those count only as long as no others are given.
 * @throws UsageError
 */
export async function readTrustedCertificates(path: string): Promise<string[]> {
  const text = (await readFileOption('--cacert', path)).toString()
  const blocks = text.match(/-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----/gs) ?? []
  try {
    if (blocks.length > 0) return [...rootCertificates, ...blocks.map((block) => new X509Certificate(block).toString())]
  } catch {
    // The content of such a block is not a certificate.
  }
  throw new UsageError(`--cacert: ${path} is not a PEM file of valid certificates`)
}
