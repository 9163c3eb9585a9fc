import type { Repair } from '../appended-file.ts'
import type { FormatName } from './listen-options.ts'

export interface RepairSettings {
  readonly format: FormatName
  /** Whether the stream resumes after the ID of a state file. */
  readonly isResumed: boolean
}

/** What lines of JSON of this command begin with. */
const beginnings = ['{"event":"', '{"time":"']

/**
 * Decides about the last line of a file, which has no line feed: another program has written it, or this command was
 * killed or the disk was full while it wrote an event.
 */
export function chooseRepair(line: string, { format, isResumed }: RepairSettings): Repair {
  if (format === 'raw') return 'leave'
  if (format !== 'jsonl' || !isEvent(line)) return 'end the line'
  // Without the line feed, the event's ID is not in the state file yet, so the server sends the event again.
  return isResumed || !isComplete(line) ? 'remove the line' : 'end the line'
}

function isEvent(line: string): boolean {
  return beginnings.some((beginning) => line.startsWith(beginning) || beginning.startsWith(line))
}

function isComplete(line: string): boolean {
  try {
    JSON.parse(line)
    return true
  } catch {
    return false
  }
}
