/**
 * Starts msw of either version, and lists what comes first from two mocked URLs, and from one that no handler is for: the
 * data of an event, or that there was an error.
 */
export async function listenWithMsw({ http, HttpResponse, sse, setupWorker }) {
  const headers = { 'Content-Type': 'text/event-stream' }
  const worker = setupWorker(
    http.get('/by-http', () => new HttpResponse('data: mocked\n\n', { headers })),
    sse('/by-sse', ({ client }) => client.send({ data: 'mocked' })),
  )
  // Version 3 calls it by its new name.
  await worker.start({ quiet: true, onUnhandledRequest: 'error', onUnhandledFrame: 'error' })
  for (const url of ['/by-http', '/by-sse', '/events']) {
    const item = document.createElement('li')
    item.textContent = `${url}: ${await firstNews(url)}`
    document.body.append(item)
  }
}

async function firstNews(url) {
  const source = new EventSource(url)
  try {
    return await new Promise((resolve) => {
      source.onmessage = ({ data }) => resolve(data)
      source.onerror = () => resolve('error')
    })
  } finally {
    source.close()
  }
}
