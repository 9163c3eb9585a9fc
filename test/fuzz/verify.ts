import { interpret } from '../../fixtures/streams/reference.ts'
import { type Circumstances, compare, type Difference, expectationOf } from './compare.ts'
import { deviationsOf } from './deviations.ts'
import { explain } from './explain.ts'
import type { Lab } from './lab.ts'
import type { ClientName, ClientObservation } from './observation.ts'

export type Verification =
  | { readonly kind: 'agrees' }
  /** The client differs from the standard in known ways. */
  | { readonly kind: 'deviates'; readonly names: readonly string[] }
  | { readonly kind: 'differs'; readonly differences: readonly Difference[] }

/** Lets both clients receive a stream, and compares them with the standard. */
export async function verify(
  lab: Lab,
  chunks: readonly Uint8Array[],
  lateness: number,
): Promise<Readonly<Record<ClientName, Verification>>> {
  const bytes = Buffer.concat(chunks)
  const circumstances: Circumstances = { origin: lab.origin, maxWait: maxWaitFor(bytes), lateness }
  const observation = await lab.observe(chunks, circumstances.maxWait)
  const expectation = expectationOf(interpret(bytes))
  const verifyClient = (client: ClientName, observed: ClientObservation): Verification => {
    const differences = compare(observed, expectation, circumstances)
    if (differences.length === 0) return { kind: 'agrees' }
    const names = explain(observed, chunks, deviationsOf(lab.browser, client), circumstances)
    return names === undefined ? { kind: 'differs', differences } : { kind: 'deviates', names }
  }
  return { native: verifyClient('native', observation.native), ours: verifyClient('ours', observation.ours) }
}

/** Returns the maximum time in ms to wait for a client, shorter if it may interpret a long reconnection time. */
function maxWaitFor(bytes: Buffer): number {
  return /retry.*\d{5}/.test(bytes.toString('latin1')) ? 12_000 : 60_000
}
