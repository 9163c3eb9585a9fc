/** Reads a response to its end and discards it. */
export async function readWithFetch(url: string): Promise<void> {
  const { body } = await fetch(url)
  const reader = body?.getReader()
  while (reader && !(await reader.read()).done);
}
