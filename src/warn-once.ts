const given = new Set<string>()

/** Prints a warning on the console, once: for the developer, about something that needs no error. */
export function warnOnce(warning: string): void {
  if (given.has(warning)) return
  given.add(warning)
  // biome-ignore lint/suspicious/noConsole: nothing fails, so no event and no return value can report it.
  console.warn(warning)
}
