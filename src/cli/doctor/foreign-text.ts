/** Text that does not belong to a stream, such as a page or an error message from a server. */
interface ForeignText {
  readonly pattern: RegExp
  readonly fix: string
}

const foreignTexts: readonly ForeignText[] = [
  {
    pattern: /^\s*<(!doctype|html|head|body|\?xml)\b/i,
    fix: 'this is a page, not a stream: a login page, an error page, or the wrong path',
  },
  {
    pattern:
      /^\s*(<br ?\/?>\s*)?(?=<b>|PHP |.*\.php\b)(<b>)?(PHP )?(Warning|Notice|Deprecated|(Fatal|Parse) error|Uncaught \w+)(<\/b>)?: /i,
    fix: 'this is a PHP error message: fix its cause, and send such messages to the log (display_errors = Off)',
  },
  {
    pattern:
      /^\s*(Traceback \(most recent call last\)|panic: |goroutine \d|(Exception in thread .*|[\w.]*(Error|Exception)\b.*)\r?\n\s+at )/,
    fix: 'this is an error message from the program: fix its cause, and write such messages to the log',
  },
  {
    pattern: /^\s*(Internal Server Error|Bad Gateway|Gateway Time-?out|Service (Temporarily )?Unavailable|upstream )/i,
    fix: 'this is an error message from the server, or from the proxy in front of it: look for the reason in its log',
  },
  {
    pattern: /^\s*<\/?[a-z][^>]*>/i,
    fix: 'this is HTML, not a line of an event: look for the program that writes it into the stream',
  },
]

/** Returns how to fix a text that begins with something that is not part of a stream. */
export function findForeignText(text: string): string | undefined {
  if (hasOwnChunkSizes(text)) {
    return 'write the events without chunk sizes: the server software adds those of HTTP, so these are part of the body'
  }
  return foreignTexts.find(({ pattern }) => pattern.test(text))?.fix
}

/** Whether a text begins with the size of a chunk and a chunk of this size, as in HTTP/1.1. */
function hasOwnChunkSizes(text: string): boolean {
  const [head = '', digits = ''] = /^([0-9a-f]{1,6})\r?\n/i.exec(text) ?? []
  if (!digits) return false
  const chunk = Buffer.from(text).subarray(head.length)
  const size = Number.parseInt(digits, 16)
  const end = chunk.subarray(size, size + 2).toString('latin1')
  return size > 0 && /^(data|event|id|retry|):/.test(chunk.toString('latin1')) && /^(\r?\n|$)/.test(end)
}
