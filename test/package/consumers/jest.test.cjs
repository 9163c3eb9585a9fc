const { EventSource } = require('everysource')

// The default limit of Jest is too short for a busy machine.
jest.setTimeout(60_000)

test('The EventSource receives an event in Jest', async () => {
  const source = new EventSource(process.env.GREETING)
  const event = await new Promise((resolve) => source.addEventListener('greeting', resolve))
  source.close()
  expect(event).toBeInstanceOf(MessageEvent)
  expect(event.data).toBe('hello')
  expect(event.lastEventId).toBe('7')
})
