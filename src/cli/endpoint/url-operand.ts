import { UsageError } from '../command-line/errors.ts'

/**
 * Returns the URL among the operands of a command.
 * @throws UsageError
 */
export function parseUrlOperand(operands: readonly string[]): string {
  const [url] = operands
  if (url === undefined) throw new UsageError('a URL is missing; see --help')
  if (operands.length > 1) {
    const given = operands.map((operand) => JSON.stringify(operand)).join(' ')
    throw new UsageError(`expected one URL, but got ${given}; a request body is given with -d`)
  }
  if (/^https?:\/\/[^/]/i.test(url) && URL.canParse(url)) return url
  const completed = `http://${url}`
  const hint = !/^\w+:\/\//.test(url) && URL.canParse(completed) ? `; did you mean ${completed}?` : ''
  throw new UsageError(`${JSON.stringify(url)} is not a URL that begins with http:// or https://${hint}`)
}
