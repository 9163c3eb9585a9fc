/** Returns a fetch function whose response has exactly these chunks, which a network does not guarantee. */
export function answerWith(chunks: readonly Uint8Array[]): () => Promise<Response> {
  return async () => {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const chunk of chunks) controller.enqueue(chunk)
        controller.close()
      },
    })
    return new Response(body, { headers: { 'Content-Type': 'text/event-stream' } })
  }
}
