import type { Progress } from './progress.ts'
import type { Subject, SubjectKind } from './subjects.ts'

/** The values of one run, by metric. */
export type Values = Readonly<Record<string, number>>

/** A subject that takes part in a workload. */
export interface Participant {
  readonly subject: Subject
  run(): Promise<Values>
}

/** The values of one participant, by round. */
export interface Outcome {
  readonly title: string
  readonly kind: SubjectKind
  readonly rounds: readonly Values[]
  /** The reason why the participant failed. */
  readonly failure?: string
}

/**
 * Runs every participant once per round, one after the other, so that other load on the machine affects all of them
 * alike. A participant that fails is excluded from the later rounds.
 */
export async function measureInTurn(
  participants: readonly Participant[],
  rounds: number,
  progress: Progress,
): Promise<Outcome[]> {
  const outcomes = participants.map(({ subject: { title, kind } }): Outcome => ({ title, kind, rounds: [] }))
  for (let round = 1; round <= rounds; round++) {
    for (const [index, { subject, run }] of participants.entries()) {
      progress.step(`round ${round} of ${rounds}, ${subject.title}`)
      const outcome = outcomes[index]
      if (!outcome || outcome.failure !== undefined) continue
      try {
        outcomes[index] = { ...outcome, rounds: [...outcome.rounds, await run()] }
      } catch (error) {
        outcomes[index] = { ...outcome, failure: (error as Error).message }
      }
    }
  }
  return outcomes
}
