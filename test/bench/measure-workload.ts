import { measureInTurn, type Participant } from './measure.ts'
import { startProgress } from './progress.ts'
import { describeMachine } from './report.ts'
import type { Result } from './result.ts'

type Description = Pick<Result, 'name' | 'title' | 'metrics' | 'runtime' | 'rounds' | 'scale'>

/** Measures all participants of a workload, and shows the progress. */
export async function measureWorkload(description: Description, participants: readonly Participant[]): Promise<Result> {
  const { name, title, metrics, runtime, rounds, scale } = description
  const progress = startProgress(name, rounds * participants.length)
  const outcomes = await measureInTurn(participants, rounds, progress)
  progress.clear()
  const date = new Date().toISOString()
  return { name, title, date, runtime, machine: describeMachine(), rounds, scale, metrics, outcomes }
}
