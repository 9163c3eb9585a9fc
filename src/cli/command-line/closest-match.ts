/** The number of characters to insert, delete or replace to turn one text into the other (Levenshtein distance). */
function editDistance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (const [index, character] of [...one].entries()) {
    const next = [index + 1]
    for (const [column, opposite] of [...other].entries()) {
      const replaced = (row[column] ?? 0) + (character === opposite ? 0 : 1)
      next.push(Math.min(replaced, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}

/** Returns the candidate that was probably meant: the only one that begins with the text, or one that differs by a typo. */
export function findClosestMatch(text: string, candidates: readonly string[]): string | undefined {
  const completions = candidates.filter((candidate) => text.length > 3 && candidate.startsWith(text))
  if (completions.length === 1) return completions[0]
  const ranked = candidates
    .map((candidate) => ({ candidate, edits: editDistance(text, candidate) }))
    .toSorted((one, other) => one.edits - other.edits)
  const best = ranked[0]
  return best && best.edits <= Math.ceil((best.candidate.length - 2) / 3) ? best.candidate : undefined
}
