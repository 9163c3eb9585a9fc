/** How many characters have to be inserted, deleted or replaced to turn one text into the other (Levenshtein). */
function distance(one: string, other: string): number {
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

/** The candidate that was probably meant, if there is one: it begins with the text, or is misspelt by a little. */
export function nearest(text: string, candidates: readonly string[]): string | undefined {
  const completed = candidates.filter((candidate) => text.length > 3 && candidate.startsWith(text))
  if (completed.length === 1) return completed[0]
  const ranked = candidates
    .map((candidate) => ({ candidate, edits: distance(text, candidate) }))
    .toSorted((one, other) => one.edits - other.edits)
  const best = ranked[0]
  return best && best.edits <= Math.ceil((best.candidate.length - 2) / 3) ? best.candidate : undefined
}
