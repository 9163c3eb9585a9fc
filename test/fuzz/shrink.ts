/**
 * Removes everything that is not needed for the predicate to remain true: long runs of items first, single ones in the
 * end. All candidates of a step are tried at the same time, because most of the time is spent waiting.
 */
export async function shrink<Item>(
  items: readonly Item[],
  holds: (items: readonly Item[]) => Promise<boolean>,
): Promise<readonly Item[]> {
  let smallest = items
  for (let length = Math.ceil(items.length / 2); length > 0; length = Math.floor(length / 2)) {
    for (;;) {
      const starts = Array.from({ length: Math.ceil(smallest.length / length) }, (_, index) => index * length)
      const without = (removed: readonly number[]): Item[] =>
        smallest.filter((_, index) => !removed.includes(index - (index % length)))
      const results = await Promise.all(starts.map((start) => holds(without([start]))))
      const removable = starts.filter((_, index) => results[index])
      if (removable.length === 0) break
      // Each of them can be removed, but perhaps not all together.
      const all = without(removable)
      smallest = removable.length > 1 && (await holds(all)) ? all : without(removable.slice(0, 1))
    }
  }
  return smallest
}
