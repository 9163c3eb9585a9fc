import type { Progress } from './progress.ts'
import type { Subject, SubjectKind } from './subjects.ts'

/** What a run gave, by metric. */
export type Values = Readonly<Record<string, number>>

/** Whoever takes part in a work. */
export interface Participant {
  readonly subject: Subject
  run(): Promise<Values>
}

/** What the rounds gave for one participant. */
export interface Outcome {
  readonly title: string
  readonly kind: SubjectKind
  readonly rounds: readonly Values[]
  /** Why it takes no further part. */
  readonly failure?: string
}

/**
 * Runs every participant once a round, one after the other, so that whatever else the machine does meets all of them.
 * One that fails is left out of the later rounds.
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
