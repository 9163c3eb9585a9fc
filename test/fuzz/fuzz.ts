import fc from 'fast-check'
import type { Difference } from './compare.ts'
import type { Lab } from './lab.ts'
import type { ClientName } from './observation.ts'
import { bytesOfChunk, chunksOf, randomStream, type Token, type Tokens } from './random-stream.ts'
import { shrink } from './shrink.ts'
import { type Verification, verify } from './verify.ts'

/** A stream that a client interpreted differently from the standard, without a known deviation that explains it. */
export interface Finding {
  readonly tokens: Tokens
  readonly differences: readonly Difference[]
}

/** The results of one client. */
export interface ClientResult {
  /** The number of streams that it interpreted as the standard says. */
  agreed: number
  /** The number of streams with known deviations. */
  deviated: number
  /** The number of streams in which each known deviation had an effect. */
  readonly deviations: Map<string, number>
  readonly findings: Finding[]
}

export type ClientResults = Readonly<Record<ClientName, ClientResult>>

/** The number of streams at the same time. Most of the time is spent waiting for the next request. */
const concurrency = 300

/** The number of suspicious streams that are repeated at the same time. */
const concurrencyOfSecondLooks = 10

export function randomStreams(seed: number, count: number): Tokens[] {
  return fc.sample(randomStream, { seed, numRuns: count })
}

/**
 * Lets both clients listen to all streams.
 * @param lateness the maximum delay in ms of a request
 */
export async function fuzz(lab: Lab, streams: Iterable<Tokens>, lateness: number): Promise<ClientResults> {
  const results = { native: emptyResult(), ours: emptyResult() }
  const suspects: Tokens[] = []
  await forEach(streams, concurrency, async (tokens) => {
    const { native, ours } = await verifyTokens(lab, tokens, lateness)
    enter(tokens, ours, results.ours)
    // A busy browser may be late. The report of our client does not depend on time.
    if (native.kind === 'differs') suspects.push(tokens)
    else enter(tokens, native, results.native)
  })
  await forEach(suspects, concurrencyOfSecondLooks, async (tokens) => {
    enter(tokens, (await verifyTokens(lab, tokens, lateness)).native, results.native)
  })
  return results
}

async function forEach<Item>(
  items: Iterable<Item>,
  atATime: number,
  process: (item: Item) => Promise<void>,
): Promise<void> {
  const waiting = items[Symbol.iterator]()
  const worker = async (): Promise<void> => {
    for (let next = waiting.next(); !next.done; next = waiting.next()) await process(next.value)
  }
  await Promise.all(Array.from({ length: atATime }, worker))
}

function emptyResult(): ClientResult {
  return { agreed: 0, deviated: 0, deviations: new Map(), findings: [] }
}

function verifyTokens(lab: Lab, tokens: Tokens, lateness: number): Promise<Readonly<Record<ClientName, Verification>>> {
  return verify(lab, chunksOf(tokens).map(bytesOfChunk), lateness)
}

function enter(tokens: Tokens, result: Verification, clientResult: ClientResult): void {
  switch (result.kind) {
    case 'agrees':
      clientResult.agreed++
      break
    case 'deviates':
      clientResult.deviated++
      for (const name of result.names) clientResult.deviations.set(name, (clientResult.deviations.get(name) ?? 0) + 1)
      break
    case 'differs':
      clientResult.findings.push({ tokens, differences: result.differences })
      break
  }
}

/** Removes everything that is not needed for the client to differ. */
export async function shrinkFinding(lab: Lab, client: ClientName, found: Finding, lateness: number): Promise<Finding> {
  let { differences } = found
  const differs = async (tokens: Tokens): Promise<boolean> => {
    const result = (await verifyTokens(lab, tokens, lateness))[client]
    if (result.kind === 'differs') differences = result.differences
    return result.kind === 'differs'
  }
  const pieces = await shrink<Token>(found.tokens, differs)
  const characters = pieces.flatMap((token): Token[] =>
    typeof token === 'string' && !token.startsWith('<') ? Array.from(token) : [token],
  )
  const tokens = await shrink(characters, differs)
  await differs(tokens)
  return { tokens, differences }
}
