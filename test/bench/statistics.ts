/** The middle of some numbers, and the least and the greatest of them. */
export interface Distribution {
  readonly median: number
  readonly least: number
  readonly greatest: number
}

/** @throws RangeError if there is none */
export function distribution(numbers: readonly number[]): Distribution {
  const sorted = numbers.toSorted((a, b) => a - b)
  const [least, greatest] = [sorted[0], sorted.at(-1)]
  const [lower, upper] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]]
  if (least === undefined || greatest === undefined || lower === undefined || upper === undefined) {
    throw new RangeError('no number has no median')
  }
  return { median: (lower + upper) / 2, least, greatest }
}

/** What one took of what another took in the same round, when the machine was as busy for both. */
export function pairedRatios(numerators: readonly number[], denominators: readonly number[]): Distribution | undefined {
  const ratios = numerators.flatMap((numerator, round) => {
    const denominator = denominators[round]
    return denominator ? [numerator / denominator] : []
  })
  return ratios.length ? distribution(ratios) : undefined
}
