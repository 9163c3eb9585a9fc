/** The counts of one run of the command. */
export class Progress {
  readonly startedAt = performance.now()
  /** The number of bytes received in responses with status 200, before decompression. */
  bytes = 0
  comments = 0
  /** The number of events received, including those that were not printed. */
  events = 0
  printed = 0
  interruptions = 0
  lastEventId = ''
  /** The number of events that --event skipped. */
  skipped = 0
  /** The names of the events that --event skipped. */
  readonly skippedNames = new Set<string>()
}
