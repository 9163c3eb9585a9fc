const given = new Set<string>()

/** Warns the developer on the console of what needs no error, the first time that it is the case. */
export function warnOnce(warning: string): void {
  if (given.has(warning)) return
  given.add(warning)
  // biome-ignore lint/suspicious/noConsole: nothing fails, so that no event and no return value could say it.
  console.warn(warning)
}
