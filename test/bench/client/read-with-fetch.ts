/** Reads a response to its end. */
export async function readWithFetch(url: string, handle: (chunk: Uint8Array) => void): Promise<void> {
  const { body } = await fetch(url)
  const reader = body?.getReader()
  while (reader) {
    const { done, value } = await reader.read()
    if (done) return
    handle(value)
  }
}
