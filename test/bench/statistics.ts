/** The median, the minimum and the maximum of some numbers. */
export interface Distribution {
  readonly median: number
  readonly min: number
  readonly max: number
}

/** @throws RangeError if there are no numbers */
export function distribution(numbers: readonly number[]): Distribution {
  const sorted = numbers.toSorted((a, b) => a - b)
  const [min, max] = [sorted[0], sorted.at(-1)]
  const [lower, upper] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]]
  if (min === undefined || max === undefined || lower === undefined || upper === undefined) {
    throw new RangeError('An empty list has no median')
  }
  return { median: (lower + upper) / 2, min, max }
}

/** Returns the ratio of two subjects in the same round, in which the machine was equally busy for both. */
export function pairedRatios(numerators: readonly number[], denominators: readonly number[]): Distribution | undefined {
  const ratios = numerators.flatMap((numerator, round) => {
    const denominator = denominators[round]
    return denominator ? [numerator / denominator] : []
  })
  return ratios.length > 0 ? distribution(ratios) : undefined
}
