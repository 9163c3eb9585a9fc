import { interpret } from '../../fixtures/streams/reference.ts'
import { type Circumstances, compare, type Difference, expectationOf } from './compare.ts'
import { deviationsOf } from './deviations.ts'
import { explain } from './explain.ts'
import type { Lab } from './lab.ts'
import type { ClientName, ClientObservation } from './observation.ts'

export type Verification =
  | { readonly kind: 'agrees' }
  /** It differs from the standard in ways that are known. */
  | { readonly kind: 'deviates'; readonly names: readonly string[] }
  | { readonly kind: 'differs'; readonly differences: readonly Difference[] }

/** Lets both clients listen to a stream, and judges them by the standard. */
export async function verify(
  lab: Lab,
  chunks: readonly Uint8Array[],
  lateness: number,
): Promise<Readonly<Record<ClientName, Verification>>> {
  const bytes = Buffer.concat(chunks)
  const circumstances: Circumstances = { origin: lab.origin, patience: patienceFor(bytes), lateness }
  const observation = await lab.observe(chunks, circumstances.patience)
  const expectation = expectationOf(interpret(bytes))
  const verifyClient = (client: ClientName, observed: ClientObservation): Verification => {
    const differences = compare(observed, expectation, circumstances)
    if (differences.length === 0) return { kind: 'agrees' }
    const names = explain(observed, chunks, deviationsOf(lab.browser, client), circumstances)
    return names === undefined ? { kind: 'differs', differences } : { kind: 'deviates', names }
  }
  return { native: verifyClient('native', observation.native), ours: verifyClient('ours', observation.ours) }
}

/** Where somebody may read a long reconnection time, nobody is waited for until then; in ms. */
function patienceFor(bytes: Buffer): number {
  return /retry.*\d{5}/.test(bytes.toString('latin1')) ? 12_000 : 60_000
}
