import { UsageError } from '../command-line/errors.ts'

/**
 * Returns the URL among the operands of a command. A missing scheme is added, as curl does.
 * @throws UsageError
 */
export function parseUrlOperand(operands: readonly string[]): string {
  const [operand] = operands
  if (operand === undefined) throw new UsageError('a URL is missing; see --help')
  if (operands.length > 1) {
    const given = operands.map((each) => JSON.stringify(hideCredentials(each))).join(' ')
    throw new UsageError(`expected one URL, but got ${given}; a request body is given with -d`)
  }
  const url = completeUrl(operand)
  if (/^https?:\/\/[^/]/i.test(url) && URL.canParse(url)) return url
  throw new UsageError(`${JSON.stringify(hideCredentials(operand))} ${describeProblem(url)}`)
}

/** Adds what people omit: `:3000/feed`, `3000/feed`, `localhost:3000/feed` and `example.com/feed` are URLs, too. */
function completeUrl(text: string): string {
  if (/^:\d/.test(text)) return `http://localhost${text}`
  // A number alone would be a host: 3000 would be 0.0.11.184.
  if (/^\d+(?:[/?#]|$)/.test(text)) return `http://localhost:${text}`
  const [, authority = '', host = '', port] = /^((\[[\da-f:.]+\]|[\w.-]+)(?::([^/?#]*))?)(?:[/?#]|$)/i.exec(text) ?? []
  if (!authority) return text
  const isLocal = /^(localhost|.+\.localhost|[\d.]+|\[.*\])$/i.test(host)
  // A single word without a port is more likely to be a mistyped command, or a scheme such as "mailto:".
  const isHost = isLocal || (port === undefined ? host.includes('.') : /^\d/.test(port))
  if (!isHost) return text
  const usesTls = port === '443' || (port === undefined && !isLocal)
  return `${usesTls ? 'https' : 'http'}://${text}`
}

/** Says which part of a URL is invalid, and what would be right. */
function describeProblem(text: string): string {
  const [, scheme = ''] = /^([a-z][a-z\d+.-]*):/i.exec(text) ?? []
  const example = 'such as http://localhost:3000/feed'
  if (!scheme) {
    const completed = text.replace(/^(?:(https?)\/\/)?/i, (_, given = 'http') => `${given}://`)
    const hint = /^[^\s/]/.test(text) && URL.canParse(completed) ? `; did you mean ${hideCredentials(completed)}?` : ''
    return `is not a URL ${example}${hint}`
  }
  if (!/^https?$/i.test(scheme)) return `has the scheme ${JSON.stringify(`${scheme}:`)}, not http: or https:`
  const [, slashes = '', authority = ''] = /^[^:]*:(\/*)(?:[^/?#]*@)?([^/?#]*)/.exec(text) ?? []
  if (slashes.length !== 2) return `needs two slashes after ${scheme}:, and a host name`
  if (!authority) return `has no host name; it needs one, ${example}`
  const [, host = authority, port] = /^(\[[^\]]*\]|[^:[]*)(?::(.*))?$/.exec(authority) ?? []
  if (/\s/.test(authority)) return `has a space in the host name ${JSON.stringify(authority)}`
  if (port && !(/^\d+$/.test(port) && Number(port) <= 65_535)) {
    return `has the port ${JSON.stringify(port)}, not a number from 0 to 65535`
  }
  return `has the host name ${JSON.stringify(host)}, which is not valid`
}

/** Removes user name and password from a text that may be an invalid URL. */
function hideCredentials(text: string): string {
  return text.replace(/^([a-z][a-z\d+.-]*:\/*)?[^/?#]*@/i, '$1')
}
