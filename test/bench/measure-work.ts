import { measureInTurn, type Participant } from './measure.ts'
import { startProgress } from './progress.ts'
import { describeMachine } from './report.ts'
import type { Result } from './result.ts'
import type { WorkDescription } from './works.ts'

/** Measures all who take part in a work, as often as there are rounds, while a line shows how far it is. */
export async function measureWork(
  name: string,
  description: WorkDescription,
  participants: readonly Participant[],
  { rounds, scale }: Pick<Result, 'rounds' | 'scale'>,
): Promise<Result> {
  const progress = startProgress(name, rounds * participants.length)
  const outcomes = await measureInTurn(participants, rounds, progress)
  progress.clear()
  return { name, ...description, date: new Date().toISOString(), machine: describeMachine(), rounds, scale, outcomes }
}
