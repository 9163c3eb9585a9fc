/** What to use here for options of curl that have other names, or that are not needed. */
const equivalents: Readonly<Record<string, string>> = {
  '-A': "use -H 'User-Agent: …'",
  '-b': "use -H 'Cookie: …'",
  '-f': 'omit it: a refused response always ends the command',
  '-i': 'use -v, which shows the response headers',
  '-m': 'use --open-timeout and --idle-timeout, or timeout(1)',
  '-S': 'omit it: errors are always shown',
  '-x': 'use --proxy URL',
  '--compressed': 'omit it: compressed responses are always accepted',
  '--connect-timeout': 'use --open-timeout SECONDS',
  '--cookie': "use -H 'Cookie: …'",
  '--data-binary': 'use -d',
  '--data-raw': 'use -d',
  '--fail': 'omit it: a refused response always ends the command',
  '--include': 'use -v, which shows the response headers',
  '--max-time': 'use --open-timeout and --idle-timeout, or timeout(1)',
  '--request': 'use -X METHOD',
  '--show-error': 'omit it: errors are always shown',
  '--user-agent': "use -H 'User-Agent: …'",
}

/**
 * Returns what to use for an option of curl.
 * @param known whether the command has an option
 */
export function findCurlEquivalent(rawName: string, known: (form: string) => boolean): string | undefined {
  const equivalent = Object.hasOwn(equivalents, rawName) ? equivalents[rawName] : undefined
  const [form] = /(?<=^use )-[\w-]+/.exec(equivalent ?? '') ?? []
  return form === undefined || known(form) ? equivalent : undefined
}
