import type { KnownError } from './known-error.ts'

/** What the parser of HTTP finds in a response, the most specific errors first. */
export const httpErrors: readonly KnownError[] = [
  {
    code: /^(HTTPParserError|HPE_.*)$/,
    text: /chunk/i,
    message: 'the response has a wrong chunk size',
    fix: 'let the server software or the proxy write the chunks: each is its size in hexadecimal digits, CR LF, the bytes, CR LF',
  },
  {
    code: /^(HTTPParserError|HPE_.*)$/,
    text: /Expected HTTP\//i,
    message: 'the response is not HTTP',
    fix: 'correct the port, or the scheme of the URL: a server of another protocol answers there',
  },
  {
    code: /^HPE_CR_EXPECTED$/,
    message: 'the response is not HTTP: a line of its head ends without CR LF',
    fix: 'end each line of the response head with CR LF, not with LF alone',
  },
  {
    code: /^HPE_INVALID_HEADER_TOKEN$/,
    message: 'the response is not HTTP: the name or the value of a header has an invalid character',
    fix: "write each header as 'Name: value', without a space before the colon, and without control characters",
  },
  {
    code: /^HPE_(UNEXPECTED_CONTENT_LENGTH|INVALID_CONTENT_LENGTH|INVALID_TRANSFER_ENCODING|UNEXPECTED_TRANSFER_ENCODING)$/,
    message: 'the response is not HTTP: its length is not clear',
    fix: 'send either Transfer-Encoding: chunked or one Content-Length, not both; a stream needs no Content-Length',
  },
  {
    code: /^(HPE_HEADER_OVERFLOW|UND_ERR_HEADERS_OVERFLOW)$/,
    message: 'the response head is too large',
    fix: 'send fewer or shorter headers, such as cookies',
  },
  {
    code: /^HPE_INVALID_(VERSION|STATUS)$/,
    message: 'the response is not HTTP/1.1: its first line is not valid',
    fix: "begin the response with a line such as 'HTTP/1.1 200 OK'",
  },
  {
    code: /^(HTTPParserError|HPE_.*)$/,
    message: 'the response is not valid HTTP',
    fix: 'look for a server, or a proxy, whose code writes the response head itself',
  },
]
